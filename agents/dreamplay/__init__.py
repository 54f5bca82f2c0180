"""Play a story with a cast of LLM agents."""
