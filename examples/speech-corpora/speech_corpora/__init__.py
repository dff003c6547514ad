"""Speech corpora for emotransfer: one file each."""
