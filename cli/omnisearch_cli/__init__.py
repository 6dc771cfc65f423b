"""The omnisearch command: one module per command."""
