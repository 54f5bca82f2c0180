"""Everything that is shown: terminal output, tables, Markdown and pages."""
