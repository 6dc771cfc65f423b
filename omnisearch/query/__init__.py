"""How a question becomes exactly k answers."""
