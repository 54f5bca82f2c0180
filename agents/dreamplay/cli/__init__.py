"""What a person types and sees: the commands, and a run in a terminal."""
