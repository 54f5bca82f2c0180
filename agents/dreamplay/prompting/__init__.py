"""Building prompts: layout, context window, and summaries of old scenes."""
