"""The cells of the transfer matrix, and recipes and label views compared."""
