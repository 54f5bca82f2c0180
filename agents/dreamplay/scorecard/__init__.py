"""Measures of what was played."""
