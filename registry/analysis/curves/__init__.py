"""Curves of the time to loss of response: Kaplan-Meier, competing risks, and their tests."""
