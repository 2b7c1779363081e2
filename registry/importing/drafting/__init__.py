"""Drafts a mapping from the files themselves."""
