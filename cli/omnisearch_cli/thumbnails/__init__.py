"""Small pictures beside answers, on terminals that can show them."""
