"""Pictures and pages: plots, sheets, colours of classes, HTML. No module here knows what a run is."""
