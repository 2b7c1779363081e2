"""Signatures under what the registry holds, and locks of it."""
