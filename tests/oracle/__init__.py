"""The clinical rules read a second time, in plain Python, to hold the database's answers against.

Nothing here imports the program or looks at its queries: two readings only check each other if
they were made apart.
"""
