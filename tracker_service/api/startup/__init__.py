"""What the service opens in the background when it starts: the models and the job store."""
