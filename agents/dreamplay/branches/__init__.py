"""What-if runs: branched off, many at once."""
