"""Code that several models share. Each file of `models` beside this folder is a model."""
