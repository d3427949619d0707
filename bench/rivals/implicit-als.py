"""implicit's ALS: fit, with the seconds after each iteration; snapshots of the factors are outside the clock."""
import time

from handover import array, csr, finish, job, parameters, peak, save

from implicit.cpu.als import AlternatingLeastSquares

train = csr("train")
train.data *= parameters["alpha"]
judged = array("users") if parameters.get("snapshots") else None
model = AlternatingLeastSquares(
    factors=parameters["factors"],
    regularization=parameters["regularization"],
    iterations=parameters["epochs"],
    num_threads=parameters["threads"],
    random_state=parameters["seed"],
)
marks = []
outside = 0.0


def after(iteration, _elapsed, _loss=None):
    global outside
    now = time.perf_counter()
    marks.append(now - started - outside)
    if judged is not None:
        save(f"items-{iteration + 1}", model.item_factors)
        save(f"users-{iteration + 1}", model.user_factors[judged])
        outside += time.perf_counter() - now


started = time.perf_counter()
model.fit(train, show_progress=False, callback=after)
seconds = time.perf_counter() - started - outside
memory = peak()
if judged is not None:
    # the users' factors are half an iteration older than the items'; solved again against the last items
    save("users-solved", model.recalculate_user(judged, train[judged]))
finish([seconds], memory, ["implicit", "numpy", "scipy"], marks=marks)
