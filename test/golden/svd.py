"""Makes svd.json: three passes of Surprise 1.1.5's SVD over a few ratings from given factors, and the ridge solution of a user over the result.

Surprise visits ratings in its own order and draws its own random factors; both are written out, so that the same passes can be made here.

Run: python3 test/golden/svd.py > test/golden/svd.json, then npm run format   (needs scikit-surprise==1.1.5)
"""

import json

import numpy as np
from surprise import SVD, Dataset, Reader

rng = np.random.default_rng(20240903)
users, items, factors = 6, 5, 4
pairs = [(u, i) for u in range(users) for i in range(items) if rng.random() < 0.6]
ratings = [(u, i, int(rng.integers(1, 11)) / 2, None) for u, i in pairs]
train = Dataset(Reader(rating_scale=(0.5, 5))).construct_trainset(ratings)
options = {"n_factors": factors, "lr_all": 0.01, "reg_all": 0.05, "random_state": 3}
before = SVD(n_epochs=0, **options).fit(train)
after = SVD(n_epochs=3, **options).fit(train)

# the user of the first row, folded in: (Σ y·yᵀ + diag)·x = Σ t·y with y = (q, 1) and t = rating − μ − b_i
strength, bias_strength = 0.7, 0.3
rated = [(i, r) for u, i, r in train.all_ratings() if u == 0]
y = np.array([[*after.qi[i], 1] for i, _ in rated])
t = np.array([r - train.global_mean - after.bi[i] for i, r in rated])
x = np.linalg.solve(y.T @ y + np.diag([strength] * factors + [bias_strength]), y.T @ t)
predicted = train.global_mean + after.bi + np.c_[after.qi, np.ones(train.n_items)] @ x

print(
    json.dumps(
        {
            "learningRate": options["lr_all"],
            "regularization": options["reg_all"],
            "epochs": 3,
            "mean": train.global_mean,
            "ratings": [[int(u), int(i), float(r)] for u, i, r in train.all_ratings()],
            "before": {"users": before.pu.tolist(), "items": before.qi.tolist()},
            "after": {
                "users": after.pu.tolist(),
                "items": after.qi.tolist(),
                "userBiases": after.bu.tolist(),
                "itemBiases": after.bi.tolist(),
            },
            "folded": {"strengths": [strength, bias_strength], "predicted": predicted.tolist()},
        }
    )
)
