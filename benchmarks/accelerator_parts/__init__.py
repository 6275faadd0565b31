"""The parts of `accelerator.py`: equal steps, times of steps, and short trainings."""
