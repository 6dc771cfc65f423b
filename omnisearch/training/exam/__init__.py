"""What the encoder that ships is held against: one module for each table of the card.

Each gives figures with chance, number of questions and standard error. Nothing here teaches or
chooses; weights that stand beside a figure were chosen on validation.
"""
