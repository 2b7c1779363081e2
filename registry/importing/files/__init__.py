"""Finds the tables of text in files of every kind."""
