"""A run and its folder: configuration, data, checkpoints, records, evaluations and result."""
