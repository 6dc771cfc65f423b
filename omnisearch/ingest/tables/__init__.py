"""Tables whose rows are items: text, media by path or as bytes, and metadata."""
