"""Keeps the garbage collector from looking where there is no garbage; to be imported by programs before all else.

Modules make hundreds of thousands of objects that stay. Collections find nothing while they are imported, which took a
seventh of the start; the program resumes them after its imports. They find nothing either when the interpreter takes
itself apart at the end, which took half a second.
"""

import atexit
import gc

gc.disable()
atexit.register(gc.freeze)
