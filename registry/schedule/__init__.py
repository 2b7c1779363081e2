"""The nightly run: when it is due, its steps, what it reports to whom, and its backups."""
