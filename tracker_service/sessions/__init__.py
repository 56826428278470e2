"""Frame-by-frame sessions: frames in any order in, one answer each out."""
