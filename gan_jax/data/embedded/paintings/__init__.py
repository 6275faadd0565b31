"""Embedded paintings in many manners, and photographs beside them."""
