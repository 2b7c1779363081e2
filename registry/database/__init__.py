"""The database: where it runs, how it is reached and how it is written to."""
