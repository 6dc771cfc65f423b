"""The frozen towers: read from released packages, and what they make of the corpus."""
