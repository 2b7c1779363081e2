"""Imports files into the clinical tables, all or nothing."""
