"""Makes metrics.json: seeded lists and predictions with their metrics, computed with NumPy and independently of src/.

Run: python3 test/golden/metrics.py > test/golden/metrics.json, then npm run format   (needs NumPy)
"""

import json

import numpy as np

rng = np.random.default_rng(20240817)


def list_case(catalogue, length, relevant_count, k):
    ranked = rng.permutation(catalogue)[:length]
    relevant = rng.choice(catalogue, relevant_count, replace=False)
    hit = np.isin(ranked[:k], relevant).astype(float)
    hit = np.pad(hit, (0, max(0, k - hit.size)))  # ranks that the list does not fill are misses
    best = min(k, relevant_count)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    precision_at_rank = np.cumsum(hit) / np.arange(1, k + 1)
    return {
        "ranked": ranked.tolist(),
        "relevant": relevant.tolist(),
        "k": k,
        "recall": float(hit.sum() / best),
        "precision": float(hit.mean()),
        "hit": int(hit.any()),
        "ndcg": float((hit * discount).sum() / discount[:best].sum()),
        "average_precision": float((precision_at_rank * hit).sum() / best),
    }


def prediction_case(count):
    actual = rng.integers(1, 11, count) / 2
    predicted = np.clip(actual + rng.normal(0, 0.9, count), 0.5, 5)
    error = predicted - actual
    return {
        "predicted": predicted.tolist(),
        "actual": actual.tolist(),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
    }


shapes = [(40, 10, 3, 10), (40, 10, 15, 10), (40, 5, 8, 10), (40, 20, 12, 5), (25, 25, 25, 10), (30, 10, 1, 10), (60, 12, 20, 1)]
print(
    json.dumps(
        {
            "lists": [list_case(*shape) for shape in shapes for _ in range(5)],
            "predictions": [prediction_case(count) for count in (1, 7, 50)],
        }
    )
)
