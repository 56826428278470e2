"""Pictures as sources of frames: files that hold one or many, and folders of them."""
