"""The mirror of a study in MLflow, and the only import of it."""
