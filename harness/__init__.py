"""What tests, benchmarks, ``make triton`` and the smoke run share: servers, services, workers, clips, graphs."""
