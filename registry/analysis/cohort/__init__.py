"""The cohort: its flow, its tables, its groups and what is missing."""
