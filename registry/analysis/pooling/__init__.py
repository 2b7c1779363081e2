"""What one hospital's rows give to a result over several, and the result from such sums alone."""
