"""Which network of the HMR family a checkpoint holds, and its graph."""
