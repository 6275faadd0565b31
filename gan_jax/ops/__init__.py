"""Pure functions of arrays: losses, random changes of images, image pools, pixels, latents, label vectors."""
