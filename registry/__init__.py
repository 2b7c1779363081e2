"""A longitudinal registry of children with Crohn's disease on infliximab."""

__version__ = "0.2.0"
