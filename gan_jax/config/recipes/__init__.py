"""What configurations share: one file for each kind of job."""
