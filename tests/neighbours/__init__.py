"""What leaves for other programs, held to their standards and to the families' consents."""
