"""Networks as linen modules, sorted by purpose: generation, translation, recognition, and shared layers."""
