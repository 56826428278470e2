"""Keeps numpy's matrix library to one thread; to be imported before numpy.

The matrices here are small, and the library's threads wait by spinning: beside the threads of the models a mesh took
twenty times as long. A value that the user has set stays.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
