"""Digits and scenes of digits, drawn by code, and scikit-learn's handwritten ones."""
