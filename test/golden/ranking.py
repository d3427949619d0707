"""Makes ranking.json: scores of every item for every user, and what ranx and scikit-learn say of the lists that follow from them.

Run: python3 test/golden/ranking.py > test/golden/ranking.json, then npm run format
(NumPy 2.4.6, ranx 0.3.21, scikit-learn 1.9.1)
"""

import json

import numpy as np
from ranx import Qrels, Run, evaluate
from sklearn.metrics import roc_auc_score

users, items, k = 25, 60, 10
rng = np.random.default_rng(11)
genres = ["Comedy", "Drama", "War", "Western"]
item_genres = [sorted(rng.choice(genres, int(rng.integers(0, 3)), replace=False).tolist()) for _ in range(items)]
scores = np.array([rng.permutation(items) for _ in range(users)])  # no ties
seen = rng.random((users, items)) < 0.2
relevant = (rng.random((users, items)) < np.where(scores > 40, 0.3, 0.06)) & ~seen
relevant[3] = False  # nothing was held out

judged = [user for user in range(users) if relevant[user].any()]
masked = np.where(seen, -1, scores)
lists = {user: np.argsort(-masked[user])[:k] for user in judged}

# ranx answers in the order of the names
qrels = Qrels({f"{user:03}": {str(item): 1 for item in np.flatnonzero(relevant[user])} for user in judged})
run = Run({f"{user:03}": {str(item): float(scores[user, item]) for item in lists[user]} for user in judged})
names = [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "mrr", "hit_rate")]
by_ranx = evaluate(qrels, run, names, return_mean=False)


def area(user):
    open_items = ~seen[user]
    return roc_auc_score(relevant[user][open_items], scores[user][open_items])


def jaccard(left, right):
    together = set(left) | set(right)
    return len(set(left) & set(right)) / len(together) if together else 0.0


surprisal = -np.log2(np.maximum(seen.sum(axis=0), 1) / users)
variety = {
    "novelty": [float(surprisal[lists[user]].mean()) for user in judged],
    "diversity": [
        float(np.mean([1 - jaccard(item_genres[a], item_genres[b]) for at, a in enumerate(lists[user]) for b in lists[user][:at]]))
        for user in judged
    ],
    "coverage": len(set(np.concatenate(list(lists.values())).tolist())) / items,
}

ties = [rng.integers(0, 6, 14) for _ in range(4)]
labels = [np.array([1] * 5 + [0] * 9) for _ in ties]

print(
    json.dumps(
        {
            "k": k,
            "genres": item_genres,
            "scores": scores.tolist(),
            "seen": [np.flatnonzero(row).tolist() for row in seen],
            "relevant": [np.flatnonzero(row).tolist() for row in relevant],
            "users": judged,
            **{name.split("@")[0]: np.asarray(values).tolist() for name, values in by_ranx.items()},
            "auc": [float(area(user)) for user in judged],
            **variety,
            "ties": [
                {"positives": values[:5].tolist(), "negatives": values[5:].tolist(), "auc": float(roc_auc_score(truth, values))}
                for values, truth in zip(ties, labels)
            ],
        }
    )
)
