#!/usr/bin/env bash
# delta-rs from PyPI in a virtual environment below .services; prints the path of its Python.
set -euo pipefail
version=1.6.6
folder="$(cd "$(dirname "$0")/../.." && pwd)/.services/delta-rs-$version"
if [ ! -f "$folder/ready" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install --quiet --disable-pip-version-check "deltalake==$version" >&2
  touch "$folder/ready"
fi
echo "$folder/bin/python"
