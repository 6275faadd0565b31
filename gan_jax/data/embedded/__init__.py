"""Data sets that come with the package; they need no file and no network."""
