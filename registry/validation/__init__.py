"""What a quality office has shown to it on its own machine: requirements, and what was found."""
