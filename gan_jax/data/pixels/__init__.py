"""What becomes of the pixels of an image between its file and a batch."""
