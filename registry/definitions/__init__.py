"""Named sets of the parameters that the rules are held to."""
