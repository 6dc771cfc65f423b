"""How a collection is kept: one module writes, everything else reads checked bytes."""
