"""The probability of losing response, told at week 14."""
