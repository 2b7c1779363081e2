"""Entry of single records: what is written, what it is answered with."""
