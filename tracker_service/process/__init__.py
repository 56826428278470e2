"""What is set for a whole process."""
