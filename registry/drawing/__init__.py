"""What figures and terminals are drawn with, whoever draws."""
