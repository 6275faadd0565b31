"""Measures over arrays, named by what they measure, and the pretrained network that some of them need."""
