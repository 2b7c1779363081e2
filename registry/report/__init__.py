"""Reports: the documents that analyses give (`to_json()`), as text, rows, figures and a page.

Nothing here computes an estimate. `tables` lays a document out as a table, `text` prints it for a
terminal, `rows` flattens it for a file, `figures` describe what is drawn (`width` in pixels, of
`scene.WIDE` or `scene.NARROW`; `prefix` is what its ids begin with), `page` binds all in one page.
"""
