"""Result files and their evaluation."""
