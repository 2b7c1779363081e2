"""`registry identity`: who the children are."""
