"""What a character remembers: retrieval and sentence embeddings."""
