"""What every rival shares: the job it is given, the data as .npy files, and the line it answers with."""
import json
import sys
from importlib.metadata import version

import numpy as np

try:
    import resource
except ImportError:  # Windows has no such module
    resource = None

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)

parameters = job["parameters"]


def array(name):
    return np.load(f"{job['folder']}/{name}.npy")


def save(name, values, dtype=np.float32):
    np.save(f"{job['output']}/{name}.npy", np.ascontiguousarray(values, dtype=dtype))


def csr(prefix, dtype=np.float32):
    from scipy.sparse import csr_matrix

    facts = job["facts"]
    shape = (facts["userCount"], facts["itemCount"])
    parts = (array(f"{prefix}-values").astype(dtype), array(f"{prefix}-items"), array(f"{prefix}-starts"))
    return csr_matrix(parts, shape=shape)


def triples(prefix):
    starts = array(f"{prefix}-starts")
    users = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    return users, array(f"{prefix}-items"), array(f"{prefix}-values")


def peak():
    """Peak resident bytes so far, 0 where unknown; called before results are judged or written, which is no part of the work."""
    if resource is None:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def finish(seconds, memory, packages, **details):
    answer = {
        "seconds": seconds,
        "memoryBytes": memory,
        "versions": {name: version(name) for name in packages},
        "details": details,
    }
    print(json.dumps(answer), flush=True)
