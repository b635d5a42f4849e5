#!/bin/sh
# Lock what pyproject.toml and the layer ask for: hashes, no addresses, one version of each everywhere.
set -eu
cd "$(dirname "$0")/.."
compile() {
  .tools/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate "$@"
}
compile --upgrade --group run --group plot --group test layers/orders/requirements.in -o requirements/test.txt
compile --group run layers/orders/requirements.in -c requirements/test.txt -o requirements/run.txt
compile --group run --group plot layers/orders/requirements.in -c requirements/test.txt -o requirements/prove.txt
compile layers/orders/requirements.in -c requirements/test.txt -o layers/orders/requirements.txt
compile --upgrade --group jdk -o requirements/jdk.txt
compile --upgrade --group uv -o requirements/uv.txt
PYTHONPATH=. .venv/bin/python requirements/lock_kafka.py
