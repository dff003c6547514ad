"""Models from the features of one or several modalities to a label space, one file each."""
