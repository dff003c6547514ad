"""From predictions to result tables."""
