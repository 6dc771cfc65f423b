"""Hits as people and programs read them: a table, JSON Lines, or the paths of their files."""
