"""The service and the command line: video in, 3D people tracks out."""
