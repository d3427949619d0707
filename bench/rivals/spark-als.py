"""Spark's implicit ALS, local: several fits in one JVM, the first one with a cold JIT."""
import sys
import time

import numpy as np
from handover import array, finish, job, parameters, save, triples

from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession

threads = parameters["threads"]
spark = (
    SparkSession.builder.master(f"local[{threads}]")
    .config("spark.driver.memory", "6g")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.shuffle.partitions", threads)
    .config("spark.default.parallelism", threads)
    .config("spark.local.dir", job["output"])
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
users, items, ratings = triples("train")
with open(f"{job['output']}/ratings.csv", "w", encoding="utf-8") as file:
    np.savetxt(file, np.column_stack([users, items, ratings]), fmt="%d", delimiter=",")
frame = spark.read.csv(f"{job['output']}/ratings.csv", schema="user INT, item INT, rating FLOAT").cache()
print(frame.count(), "rows in memory", file=sys.stderr)
als = ALS(
    rank=parameters["factors"],
    maxIter=parameters["epochs"],
    regParam=parameters["regularization"],
    alpha=parameters["alpha"],
    implicitPrefs=True,
    userCol="user",
    itemCol="item",
    ratingCol="rating",
    seed=parameters["seed"],
)
rounds = []
for _ in range(parameters["rounds"]):
    started = time.perf_counter()
    model = als.fit(frame)
    # a fit is lazy in its last step: counting both tables makes Spark compute them
    model.itemFactors.count(), model.userFactors.count()
    rounds.append(time.perf_counter() - started)
# the work is done in the JVM, so its memory is the one that counts
jvm = spark.sparkContext._gateway.proc.pid
try:
    with open(f"/proc/{jvm}/status", encoding="utf-8") as status:
        memory = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
except OSError:  # only Linux tells it there
    memory = 0


def factors(table, count):
    dense = np.zeros((count, parameters["factors"]), dtype=np.float32)
    for row in table.toLocalIterator():
        dense[row["id"]] = row["features"]
    return dense


facts = job["facts"]
save("items", factors(model.itemFactors, facts["itemCount"]))
save("users", factors(model.userFactors, facts["userCount"])[array("users")])
spark.stop()
finish(rounds, memory, ["pyspark", "numpy"])
