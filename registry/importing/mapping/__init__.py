"""A hospital's own files, read by a mapping."""
