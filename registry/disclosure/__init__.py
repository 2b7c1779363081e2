"""Results that disclose nobody: what leaves the centre passes here, before it is drawn or told.

A document is changed as a whole, once: counts of few children and what would give them back are
null, curves rest on steps of several children, and values of single children are left out. Each
analysis declares its cells (`cells`) and what is done with them (`rules`); `plan` decides for all
tables of a registry alike, so that what one hides no other tells.
"""
