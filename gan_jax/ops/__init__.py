"""Pure functions of arrays: losses, random changes of images, label vectors, latents, pixels, image pools."""
