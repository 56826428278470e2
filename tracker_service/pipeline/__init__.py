"""Windows of frames and the overlapped stages."""
