"""Parts that several configurations share. Each file has the parts of one kind of task."""
