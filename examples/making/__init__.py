"""How examples/corpus was made: `python -m examples.making --lab lab`.

The laboratory must have its corpus (`omnisearch train data`). Everything follows from the tables in
this folder, from seeds, and from packages of fixed versions.
"""
