"""The nouns of a study and their files: params.yaml, recipes, labels, utterances, splits, cells, predictions."""
