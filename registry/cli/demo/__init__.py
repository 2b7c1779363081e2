"""`registry demo`, and the mark of a demo's registry."""
