"""How files outside a collection become rows of it, and rows become files again."""
