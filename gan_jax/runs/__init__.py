"""The folder of a run and its life: configuration, checkpoints, records, evaluations, result."""
