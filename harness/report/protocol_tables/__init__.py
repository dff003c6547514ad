"""Tables of protocols, one kind per file: `TABLE` in the file of a protocol names one, any other is by_variant."""
