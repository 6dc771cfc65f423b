"""What is learnt from: rows of the corpus as pairs, and captions that are wrong in one thing."""
