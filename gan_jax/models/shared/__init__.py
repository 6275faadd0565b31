"""What several models share; each file of `models` beside this folder is a model."""
