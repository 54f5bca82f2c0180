"""Language models: the client, the embedded engine, and which one plays."""
