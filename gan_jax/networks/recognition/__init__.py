"""Networks that tell what is in an image."""
