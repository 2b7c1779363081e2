"""The registry held to its audit."""
