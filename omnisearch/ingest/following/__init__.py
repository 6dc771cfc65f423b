"""Following folders: what the system tells of changes becomes runs over what has changed."""
