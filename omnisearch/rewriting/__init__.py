"""Questions rewritten, expanded and respelt; hits held against rules."""
