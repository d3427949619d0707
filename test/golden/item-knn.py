"""Makes item-knn.json: seeded weights and the neighbours that implicit 0.7.3 finds by cosine, TF-IDF and BM25.

Run: python3 test/golden/item-knn.py > test/golden/item-knn.json, then npm run format   (needs implicit==0.7.3)
"""

import json

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix

rng = np.random.default_rng(20240902)
users, items, neighbours = 60, 25, 6
popularity = np.linspace(0.6, 0.05, items)
present = rng.random((users, items)) < popularity
weights = np.where(present, rng.integers(1, 6, (users, items)), 0).astype(np.float64)
matrix = csr_matrix(weights)


def lists(model):
    # implicit counts an item among its own neighbours; here it does not
    model.fit(matrix, show_progress=False)
    similarity = model.similarity.tocsr()
    found = []
    for item in range(items):
        row = similarity.getrow(item)
        pairs = [(int(j), float(s)) for j, s in zip(row.indices, row.data) if j != item]
        found.append(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:neighbours])
    return found


print(
    json.dumps(
        {
            "neighbours": neighbours,
            "weights": weights.tolist(),
            "cosine": lists(CosineRecommender(K=neighbours + 1, num_threads=1)),
            "tf-idf": lists(TFIDFRecommender(K=neighbours + 1, num_threads=1)),
            "bm25": lists(BM25Recommender(K=neighbours + 1, K1=1.5, B=0.6, num_threads=1)),
        }
    )
)
