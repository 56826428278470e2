"""CameraHMR (Patel and Black, 3DV 2025): HMR2's trunk and head, told where the crop lies in a calibrated picture."""
