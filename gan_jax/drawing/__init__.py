"""Pictures and pages: plots, sheets, colours of classes, HTML. Nothing here knows a run."""
