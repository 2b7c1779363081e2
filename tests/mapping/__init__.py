"""Hospitals' own files: mappings, drafts of them, REDCap."""
