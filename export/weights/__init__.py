"""The authors' files: which there are, downloading and placing them, reading them without running their code."""
