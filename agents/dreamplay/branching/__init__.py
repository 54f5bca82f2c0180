"""What-if branches of a run, in batches, and how runs descend from each other."""
