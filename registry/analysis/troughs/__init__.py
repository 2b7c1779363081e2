"""Drug levels and loss of response."""
