"""Models of sentence-transformers, of the hub or a folder: a name, checked files, vectors."""
