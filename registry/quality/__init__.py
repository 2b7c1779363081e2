"""How plausible the records are: every rule counted, what failed listed, runs kept as a trend."""
