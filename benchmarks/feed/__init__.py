"""What a frame costs the tracker beside inference, and how far cheaper pictures change the results."""
