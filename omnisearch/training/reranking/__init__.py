"""The stage `rerank`: a network that looks at a candidate word by word, and what it is worth."""
