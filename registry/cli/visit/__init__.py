"""`registry visit`: a clinic day, by form, by file or by options."""
