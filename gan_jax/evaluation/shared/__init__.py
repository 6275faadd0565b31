"""Code that several evaluators share. Each file of `evaluation` beside this folder is an evaluator."""
