"""Data sets that come with the package: no file, no network."""
