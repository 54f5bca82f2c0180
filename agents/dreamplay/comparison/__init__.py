"""Comparing runs: alignment, statistics and differences."""
