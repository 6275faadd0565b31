"""Measures as functions of arrays, one kind a file, and the pretrained network that some measures need."""
