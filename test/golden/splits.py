"""Makes splits.json: NumPy's legacy random numbers, scikit-learn's folds, and a split by user after Liang et al. 2018.

The split is drawn here from the description of the protocol with NumPy and pandas, independently of src/.

Run: python3 test/golden/splits.py > test/golden/splits.json, then npm run format   (NumPy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1)
"""

import json

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, ShuffleSplit


def stream(seed):
    draws = np.random.RandomState(seed)
    words = [int(word) for word in draws.randint(0, 2**32, 700, dtype=np.uint32)]
    return {
        "seed": seed,
        "words": words[:4] + words[620:630],  # the state is renewed after 624
        "uniforms": draws.random_sample(3).tolist(),
        "permutation": draws.permutation(12).tolist(),
        "long": draws.permutation(70_000)[::7_000].tolist(),
        "choice": draws.choice(37, 7, replace=False).tolist(),
    }


def folds(count, splits, seed):
    shuffled = KFold(splits, shuffle=True, random_state=seed).split(np.arange(count))
    return {"count": count, "folds": splits, "seed": seed, "rows": [sorted(test.tolist()) for _, test in shuffled]}


def share(count, size, seed):
    [(_, test)] = ShuffleSplit(1, test_size=size, random_state=seed).split(np.arange(count))
    return {"count": count, "share": size, "seed": seed, "rows": test.tolist()}


def strong(held_out, seed=98765, least=5, proportion=0.2):
    """Users 0.. with 1 to 40 items of 50 each, popular ones first; every 7th item belongs to few."""
    source = np.random.default_rng(7)
    rows = []
    for user in range(80):
        weights = 1.0 / np.arange(1, 51)
        count = int(source.integers(1, 41))
        rows += [(user, int(item)) for item in sorted(source.choice(50, count, replace=False, p=weights / weights.sum()))]
    events = pd.DataFrame(rows, columns=["user", "item"])

    activity = events.groupby("user").size()
    active = activity.index[activity >= least].to_numpy()
    generator = np.random.RandomState(seed)
    shuffled = active[generator.permutation(active.size)]
    bounds = [0, shuffled.size - 2 * held_out, shuffled.size - held_out, shuffled.size]
    train_users, validation_users, test_users = (shuffled[a:b] for a, b in zip(bounds, bounds[1:]))
    train = events[events["user"].isin(train_users)]

    def divide(users):
        part = events[events["user"].isin(users) & events["item"].isin(train["item"])]
        generator = np.random.RandomState(seed)
        told, target = [], []
        for user, own in part.groupby("user"):
            items = own["item"].to_numpy()
            chosen = np.zeros(items.size, dtype=bool)
            if items.size >= least:
                chosen[generator.choice(items.size, size=int(proportion * items.size), replace=False)] = True
            told.append([int(user), items[~chosen].tolist()])
            target.append([int(user), items[chosen].tolist()])
        return {"fold_in": told, "target": target}

    return {
        "held_out_users": held_out,
        "items": events.groupby("user")["item"].apply(list).tolist(),
        "train": [[int(user), own["item"].tolist()] for user, own in train.groupby("user")],
        "validation": divide(validation_users),
        "test": divide(test_users),
    }


print(
    json.dumps(
        {
            "streams": [stream(seed) for seed in (0, 42, 98765, 2**32 - 1)],
            "folds": [folds(23, 5, 0), folds(1000, 3, 7)],
            "shares": [share(23, 0.2, 42), share(1000, 0.15, 1)],
            "strong": strong(15),
        }
    )
)
