"""What it takes to track so many hours of video a day, from what the other benchmarks have measured."""
