"""implicit's item-kNN with BM25 weights."""
import time

import numpy as np
from handover import array, csr, finish, parameters, peak, save

from implicit.nearest_neighbours import BM25Recommender

train = csr("train", dtype=np.float64)
rounds = []
memory = 0
for _ in range(parameters["rounds"]):
    model = BM25Recommender(K=parameters["neighbours"], K1=parameters["k1"], B=parameters["b"], num_threads=parameters["threads"])
    started = time.perf_counter()
    model.fit(train, show_progress=False)
    rounds.append(time.perf_counter() - started)
    memory = memory or peak()

users = array("users")
ids, _ = model.recommend(users, train[users], N=10, filter_already_liked_items=True)
save("lists", ids, dtype=np.int32)
finish(rounds, memory, ["implicit", "numpy", "scipy"])
