"""EASE in NumPy, float64: Gram matrix, inverse, weights."""
import time

import numpy as np
from handover import array, csr, finish, parameters, peak, save

train = csr("train", dtype=np.float64)
rounds = []
memory = 0
for _ in range(parameters["rounds"]):
    started = time.perf_counter()
    gram = (train.T @ train).toarray()
    diagonal = np.diag_indices(gram.shape[0])
    gram[diagonal] += parameters["l2"]
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[diagonal] = 0
    rounds.append(time.perf_counter() - started)
    memory = memory or peak()

users = array("users")
rows = train[users]
scores = rows @ weights
scores[rows.nonzero()] = -np.inf
save("lists", np.argsort(-scores, axis=1, kind="stable")[:, :10], dtype=np.int32)
finish(rounds, memory, ["numpy", "scipy"])
