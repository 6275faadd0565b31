"""Published networks: files of tensors, their names and shapes, and their conversion to runs and back."""
