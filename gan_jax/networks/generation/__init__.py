"""Networks that turn noise into images, and the networks that judge these images."""
