"""Runs on disk: transcript, prompt log, pending answers and the index of runs."""

from pathlib import Path

HOME = Path("transcripts")
"""Where runs are, in the current folder."""
