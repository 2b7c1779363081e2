"""Values as people write them: what is read, what is refused, never anything else."""
