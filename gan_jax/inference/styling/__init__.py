"""What `--mode=translate` makes pictures in the styles of others from."""
