"""Releases of de-identified data: who is in one, under which id, and what is known of it."""
