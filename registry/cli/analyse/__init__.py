"""`registry analyse`: a file a command."""
