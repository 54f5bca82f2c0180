"""Studies: a file says what is compared, and its plays are played by an engine, on one machine or on many."""
