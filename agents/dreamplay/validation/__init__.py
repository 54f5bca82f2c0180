"""Generating text that can stand: asking, checking and asking again."""
