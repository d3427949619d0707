"""Surprise's SVD on one fold: the fit is timed, predictions of the test part are written."""
import time

import numpy as np
from handover import finish, job, parameters, peak, save, triples

from surprise import SVD
from surprise.trainset import Trainset

users, items, ratings = triples("train")
rows = [[] for _ in range(job["facts"]["userCount"])]
columns = [[] for _ in range(job["facts"]["itemCount"])]
for user, item, rating in zip(users.tolist(), items.tolist(), ratings.tolist()):
    rows[user].append((item, rating))
    columns[item].append((user, rating))
# inner ids are the indexes themselves; the trainset is built outside the clock
identity_users = {user: user for user in range(len(rows))}
identity_items = {item: item for item in range(len(columns))}
trainset = Trainset(
    dict(enumerate(rows)),
    dict(enumerate(columns)),
    len(rows),
    len(columns),
    len(ratings),
    (1, 5),
    identity_users,
    identity_items,
)
model = SVD(n_factors=parameters["factors"], n_epochs=parameters["epochs"], random_state=parameters["seed"])
started = time.perf_counter()
model.fit(trainset)
seconds = time.perf_counter() - started
memory = peak()

users, items, _ = triples("test")
seen_users = np.array([bool(row) for row in rows])
seen_items = np.array([bool(column) for column in columns])
known = seen_users[users] & seen_items[items]
predicted = trainset.global_mean + model.bu[users] * seen_users[users] + model.bi[items] * seen_items[items]
predicted += known * np.einsum("ij,ij->i", model.pu[users], model.qi[items])
save("predicted", predicted)
finish([seconds], memory, ["scikit-surprise", "numpy"])
