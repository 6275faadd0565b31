"""Networks that turn images into images, and the networks that judge these images."""
