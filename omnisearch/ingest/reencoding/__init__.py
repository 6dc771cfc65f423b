"""A collection encoded anew, beside itself: from its files, and from the words that it keeps."""
