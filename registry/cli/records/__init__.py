"""The commands of single records, and what they ask and answer."""
