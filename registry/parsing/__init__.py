"""Reads values as people write them, into the one spelling of the import format.

Pure functions from text to text; what has two meanings is refused with the setting that decides.
"""
