"""Who knows what, and why somebody said something."""
