"""`registry audit`: its seals, its rows, proofs of them, what was changed past it."""
