"""Networks as linen modules, by what they are for: generation, translation, recognition; and their layers."""
