#!/usr/bin/env bash
# Spark with Delta Lake in a virtual environment below .services; prints the path of its Python. The jars lie in jars/ beside bin/.
set -euo pipefail
version=4.2.0
delta=4.4.0
catalog=0.6.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.services/spark-$version-delta-$delta"
for tool in python3 java mvn; do
  command -v "$tool" >/dev/null || { echo "Spark needs $tool, which is not here" >&2; exit 1; }
done
# Half a gigabyte comes over the network, and a part of it may fail.
thrice() { "$@" || "$@" || "$@"; }
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock" # one that installs; others wait for it
flock 9
if [ ! -f "$folder/ready" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  thrice "$folder/bin/pip" install --quiet --disable-pip-version-check "pyspark==$version" >&2
  for jar in io.delta:delta-spark_4.2_2.13:$delta io.delta:delta-storage:$delta io.delta:delta-kernel-api:$delta \
    io.delta:delta-kernel-defaults:$delta io.delta:delta-kernel-unitycatalog:$delta \
    io.unitycatalog:unitycatalog-client:$catalog io.unitycatalog:unitycatalog-hadoop:$catalog; do
    thrice mvn --quiet --batch-mode dependency:copy "-Dartifact=$jar" "-DoutputDirectory=$folder/jars" >&2
  done
  touch "$folder/ready"
fi
echo "$folder/bin/python"
