"""Decoded images on disk, for sets that are larger than memory, and for starts that decode nothing."""
