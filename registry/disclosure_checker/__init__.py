"""What a reader of published results can work out, found without knowing how they were made.

Nothing here is shared with what suppresses (`registry.disclosure`): the documents are read as a
stranger reads them, the sums that hold among their cells are written down (`relations`), and
integer programming tells between which bounds each cell must lie (`system`).
"""
