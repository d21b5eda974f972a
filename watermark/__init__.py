"""Every tie between a picture and its owner.

No patients, no SQL, no network: pictures and numbers in, pictures and numbers out.
"""

import os

# One picture, one core: the matrices here are small, and OpenBLAS spends more time waking a second thread than it saves
# (measured: 138 ms of CPU a picture against 238). Read once, when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
