"""Measures as pure functions over arrays: no data, no model, no files."""
