"""Analyses: pure functions from the rows of the `analytics` views to results.

`dataset` checks the rows, each other module is one analysis. Every result has `to_json()`, which
gives a document of plain Python values with the keys that the command line promises;
`registry.report` makes tables, figures and pages of those documents.

What many of them take: `frame`, rows of `analysis_set` as `read_patients` gives them, where nothing
else is said; `exposure`, rows of that view; `definition`, to which all rows must belong; `limits`
of it, for the words of covariates; `basis`, what the result rests on, to be told with it. Rows that
are not fit for analysis are Refused (`survival_data`).
"""
