"""Who speaks next, about what, and when a scene ends. Code, never a model."""
