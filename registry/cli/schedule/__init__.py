"""`registry schedule`: the nightly run."""
