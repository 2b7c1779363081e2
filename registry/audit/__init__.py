"""Holds the registry to its own audit: the catalogue, the records, what was derived of them."""
