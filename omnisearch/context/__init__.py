"""What a language model is given: passages and media that answer a question, with their sources."""
