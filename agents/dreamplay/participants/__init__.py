"""Everyone who takes part in a play: characters, the narrator and the visitor."""
