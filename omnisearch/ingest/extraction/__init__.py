"""One open file to an item and its segments, in a process that can open no other file."""

EXTRACTOR = 2  # the version of all that is done here; with another, files are cut anew
