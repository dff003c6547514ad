"""Sound and picture of utterances: probed, decoded, summed up."""
