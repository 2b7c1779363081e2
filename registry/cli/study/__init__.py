"""The commands of studies over several hospitals."""
