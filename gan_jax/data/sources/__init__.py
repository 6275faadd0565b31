"""Where images and labels come from: array files, folders, zips, tensorflow-datasets."""
