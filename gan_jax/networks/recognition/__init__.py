"""Networks that recognise what an image shows: classes, a class for each pixel, features."""
