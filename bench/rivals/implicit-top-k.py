"""implicit's batch top k over given factors, seen items removed."""
import time

import numpy as np
from handover import array, csr, finish, job, parameters, peak, save

from implicit.cpu.als import AlternatingLeastSquares

train = csr("train")
facts = job["facts"]
model = AlternatingLeastSquares(factors=parameters["factors"], num_threads=parameters["threads"])
model.user_factors = array("user-factors").reshape(facts["userCount"], -1)
model.item_factors = array("item-factors").reshape(facts["itemCount"], -1)
users = np.arange(min(facts["userCount"], parameters["userCount"]))
seen = train[users]
started = time.perf_counter()
ids, scores = model.recommend(users, seen, N=parameters["k"], filter_already_liked_items=True)
seconds = time.perf_counter() - started
memory = peak()
save("lists", ids[array("users")], dtype=np.int32)
finish([seconds], memory, ["implicit", "numpy", "scipy"])
