"""The test files that import PyTorch. Beside TensorFlow it can crash a process."""

FILES = (
    "metrics/test_state_dicts.py",
    "models/test_twins.py",
    "models/test_twins_with_styles.py",
    "weights/test_torch.py",
)
