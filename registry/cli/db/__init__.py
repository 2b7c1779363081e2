"""`registry db`: the database itself."""
