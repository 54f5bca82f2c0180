"""What is kept of runs: transcript, prompt log, pending answers and the index of runs."""
