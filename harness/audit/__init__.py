"""What quality the corpora have, and how they compare."""
