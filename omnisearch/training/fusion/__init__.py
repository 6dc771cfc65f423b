"""The stage `fuse`: task vectors made one, of our specialists or of any checkpoints."""
