"""The stages `calibrate` and `export`: weights, what a cosine is worth, int8 graphs, their card."""
