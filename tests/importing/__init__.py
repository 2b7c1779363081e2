"""Imports: tables in, tables or complaints out."""
