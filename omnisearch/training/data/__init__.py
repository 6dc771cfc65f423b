"""The corpus: fetched from registries by name and version, or made here; all under free licences.

Everything is kept in Arrow files, one a source, whose columns `tables.py` fixes.
"""
