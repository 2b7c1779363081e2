"""Everything the registry holds of one patient, as one tree of plain data."""
