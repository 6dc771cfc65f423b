"""One open file to an item and its segments, in a process that can open no other file."""
