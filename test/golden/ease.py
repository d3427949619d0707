"""Makes ease.json: seeded weights and the item-to-item weights of EASE, computed with NumPy in double precision and independently of src/.

Run: python3 test/golden/ease.py > test/golden/ease.json, then npm run format   (needs NumPy)
"""

import json

import numpy as np

rng = np.random.default_rng(20240901)
users, items, regularization = 30, 21, 3.0
present = rng.random((users, items)) < 0.3
weights = np.where(present, rng.integers(1, 11, (users, items)) / 10, 0.0)
weights[:, 20] = 0  # an item that nobody has

inverse = np.linalg.inv(weights.T @ weights + regularization * np.eye(items))
learned = inverse / -np.diag(inverse)  # column j is divided by inverse[j, j]
np.fill_diagonal(learned, 0)
print(
    json.dumps(
        {
            "regularization": regularization,
            "weights": weights.tolist(),
            "learned": learned.tolist(),
            "scores": (weights @ learned).tolist(),
        }
    )
)
