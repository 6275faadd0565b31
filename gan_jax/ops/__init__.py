"""Pure functions of arrays: losses, random changes, the pool of past images, pixels, latents, labels."""
