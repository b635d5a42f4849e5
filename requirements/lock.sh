#!/bin/sh
# Lock what pyproject.toml and the layer ask for: hashes, no addresses, one version of each everywhere.
set -eu
cd "$(dirname "$0")/.."
for_one_platform() {
  .tools/uv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"
}
compile() { for_one_platform --universal --python-version 3.11 "$@"; }
compile --upgrade --group run --group plot --group test layers/orders/requirements.in -o requirements/test.txt
compile --group run layers/orders/requirements.in -c requirements/test.txt -o requirements/run.txt
compile --group run --group plot layers/orders/requirements.in -c requirements/test.txt -o requirements/prove.txt
compile layers/orders/requirements.in -c requirements/test.txt -o layers/orders/requirements.txt
compile --group nats-source -c requirements/test.txt -o requirements/nats-source.txt
compile --upgrade --group jdk -o requirements/jdk.txt
compile --upgrade --group uv -o requirements/uv.txt
compile --upgrade --group sam -o requirements/sam.txt
compile --upgrade --group checkov -o requirements/checkov.txt
for_one_platform --upgrade --python-version 3.13 --group runtime -o requirements/runtime.txt
# The last LocalStack that needs no account, with what was there when it came out.
for_one_platform --python-version 3.13 --exclude-newer 2026-03-06 --group localstack -o requirements/localstack.txt
PYTHONPATH=. .venv/bin/python requirements/lock_kafka.py
