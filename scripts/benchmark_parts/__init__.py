"""What scripts/benchmark.py measures, a file a part, and what the parts measure with."""
