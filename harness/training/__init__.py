"""From stored features to models and predictions."""
