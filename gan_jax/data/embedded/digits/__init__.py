"""Digits: scikit-learn's handwritten ones, street numbers drawn by code, and scenes of digits."""
