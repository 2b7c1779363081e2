"""`registry report`: every analysis of one definition."""
