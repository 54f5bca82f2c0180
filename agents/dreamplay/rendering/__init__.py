"""Output: terminal, tables, Markdown and HTML pages."""
