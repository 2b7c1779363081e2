"""Records of several hospitals in one registry, by PostgreSQL's own replication.

A hospital keeps a copy of what it sends (`send`) and publishes it (`links`); a hub lets it come and
gathers it as an import (`gather`).
"""
