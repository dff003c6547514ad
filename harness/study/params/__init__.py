"""params.yaml: read, checked as a whole, and cut to the part that `only` names."""
