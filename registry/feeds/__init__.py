"""Results that laboratories send: messages in a folder, and what became of each."""
