"""The analysts' views: hand-made tables in, tables out, and what must hold of any patient."""
