"""The web page of a run, `--mode=demo`: `serving` is the mode, and only `page` needs gradio."""
