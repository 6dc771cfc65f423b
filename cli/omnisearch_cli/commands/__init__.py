"""One module per command, each with a `command` that `main` finds by name."""
