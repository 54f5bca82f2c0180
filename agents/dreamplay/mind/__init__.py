"""What a character or the narrator says: asked of a model, edited, remembered."""
