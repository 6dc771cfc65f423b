"""Folders of files made from a seed, for measuring how fast they are taken in."""
