"""One clinic day of a child."""
