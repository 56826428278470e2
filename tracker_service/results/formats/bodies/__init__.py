"""Bodies as other programs take them: where they are, their skeleton, their surface, the numbers of their turns."""
