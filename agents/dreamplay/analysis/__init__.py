"""Looking into a run: explanations, knowledge and the search for leaks."""
