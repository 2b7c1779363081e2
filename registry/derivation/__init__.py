"""Brings the stored status of patients up to date with their data and the definitions."""
