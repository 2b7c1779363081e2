"""What an entered record is answered with."""
