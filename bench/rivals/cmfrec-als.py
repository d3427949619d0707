"""cmfrec's explicit ALS, conjugate gradients or Cholesky; predictions of the test part are written."""
import time

import pandas as pd
from handover import finish, parameters, peak, save, triples

from cmfrec import CMF

users, items, ratings = triples("train")
frame = pd.DataFrame({"UserId": users, "ItemId": items, "Rating": ratings})
rounds = []
memory = 0
for _ in range(parameters["rounds"]):
    model = CMF(
        k=parameters["factors"],
        lambda_=parameters["lambda"],
        method="als",
        use_cg=parameters["cg"] == 1,
        finalize_chol=parameters["cg"] == 1,
        scale_lam=True,
        niter=parameters["epochs"],
        use_float=True,
        nthreads=parameters["threads"],
        precompute_for_predictions=False,
        random_state=parameters["seed"],
        verbose=False,
    )
    started = time.perf_counter()
    model.fit(frame)
    rounds.append(time.perf_counter() - started)
    memory = memory or peak()

users, items, _ = triples("test")
save("predicted", model.predict(users, items))
finish(rounds, memory, ["cmfrec", "numpy", "pandas"])
