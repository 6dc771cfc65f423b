"""Media to unit vectors: omni-mini, models of the hub, what a cosine is worth."""
