"""Generating text that passes the checks: asking, checking and asking again."""
