"""Deployment: compose file, images, metrics, Kubernetes manifests, and the smoke test that runs them."""
