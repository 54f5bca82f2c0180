"""Where runs are kept: stores and places, folders with their files and locks, and JSON lines."""
