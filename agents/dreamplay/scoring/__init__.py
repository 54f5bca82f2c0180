"""Measuring a run: metrics of lines, voices and errors, and a model as judge."""
