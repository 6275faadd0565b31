"""The sources of images and labels: array files, folders, zips, tensorflow-datasets."""
