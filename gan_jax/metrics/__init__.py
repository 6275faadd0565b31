"""Measures as pure functions over arrays. They know no data set, no model and no file."""
