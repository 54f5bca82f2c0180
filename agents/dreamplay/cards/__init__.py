"""Character cards: reading, writing and completing them."""
