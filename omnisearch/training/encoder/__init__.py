"""The encoder in torch: a backbone that reads words and soft tokens, projectors, locked heads."""
