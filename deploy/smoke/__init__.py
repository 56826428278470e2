"""`python -m deploy.smoke`: brings the stack up on a Docker engine, uses it, breaks it, and takes it down again."""
