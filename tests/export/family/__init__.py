"""TokenHMR and CameraHMR."""
