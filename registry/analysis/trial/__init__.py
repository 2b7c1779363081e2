"""The immunomodulator question as a target trial: clones, weights, risks."""
