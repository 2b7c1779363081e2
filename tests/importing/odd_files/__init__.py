"""Files as they come, and what each must give."""
