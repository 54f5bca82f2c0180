"""Runs on disk: transcript, prompt log, pending answers and the index of runs."""
