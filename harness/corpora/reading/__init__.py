"""Read the files of a release: folders, CSV and JSON files, cross-validation folds."""
