"""What tests and benchmarks of bulk runs share."""
