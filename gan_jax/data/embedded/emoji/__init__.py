"""Cartoon faces drawn by code, with CelebA's attributes."""
