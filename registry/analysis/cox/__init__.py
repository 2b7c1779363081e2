"""The Cox model: its design, its one likelihood, its tests, and what is told of it."""
