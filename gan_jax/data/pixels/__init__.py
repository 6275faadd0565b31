"""What happens to an image's pixels between its file and a batch."""
