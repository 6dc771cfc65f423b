"""The stages `drift` and `report`: what fusion breaks and what repairs it, row by row."""
