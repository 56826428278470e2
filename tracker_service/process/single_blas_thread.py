"""Keeps numpy's matrix library to one thread; to be imported before numpy.

Its products here are small, and its threads wait for each other by spinning: beside the models' own threads a mesh took
twenty times as long. What the user has set stays.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
