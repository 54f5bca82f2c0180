"""Files on disk: safe opening and replacing, JSON lines, and the lock of a run."""
