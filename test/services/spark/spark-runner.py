"""Runs SQL in one Spark session with Delta Lake: a JSON request a line comes in, a JSON answer a line goes out."""

import concurrent.futures
import glob
import json
import os
import sys
import threading

from pyspark.sql import SparkSession

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the JVM prints is no answer

jars = ",".join(sorted(glob.glob(os.path.join(sys.argv[1], "*.jar"))))
settings = {
    "spark.jars": jars,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    **json.loads(sys.argv[2]),
}
builder = SparkSession.builder.master("local[2]").appName("pinlake")
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
writing = threading.Lock()


def answer(sql):
    try:
        rows = spark.sql(sql).collect()
        return {"rows": [[None if value is None else str(value) for value in row] for row in rows]}
    except Exception as error:
        if isinstance(error, OSError):  # the JVM is gone: whoever asks next gets another
            os._exit(1)
        return {"error": str(error)[:2000]}


def reply(request):
    text = json.dumps({"id": request["id"], **answer(request["sql"])})
    with writing:
        print(text, file=answers, flush=True)


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for line in sys.stdin:
        pool.submit(reply, json.loads(line))
