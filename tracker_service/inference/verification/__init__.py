"""Whether models, wherever they run, give what their export said they give."""
