"""Language models: the protocol, its implementations, and how one is chosen."""
