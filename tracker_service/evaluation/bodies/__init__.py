"""Bodies against the truth files of data sets that are scored by SMPL: 3DPW, EMDB, BEDLAM."""
