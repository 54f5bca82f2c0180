"""A fake OpenAI-compatible endpoint, for tests and for trying things out."""
