"""Analyses: pure functions from the rows of the `analytics` views to results.

`dataset` reads and checks the rows, each other module is one analysis. Every result has
`to_json()`, which gives a document of plain Python values with the keys that the command line
promises; `registry.report` makes tables, figures and pages of those documents.
"""
