# The NATS source: devstack's event source mapping, reading JetStream, as it runs beside the function
# on AWS (docs/deployment.md). The repository's only image, and made of its files: it stands here.
#   docker build --platform linux/amd64 --tag serverless-orders-nats-source .

# The newest patch of the Python that the functions have.
FROM python:3.13-slim-trixie AS installed
COPY requirements/nats-source.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement /nats-source.txt

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --create-home source
COPY --from=installed /venv /venv
WORKDIR /app
COPY template.yaml ./
COPY devstack/ devstack/
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 DEVSTACK_HOME=/home/source TMPDIR=/home/source
USER 10001
# All that it writes: the rest may be read-only.
VOLUME /home/source
ENTRYPOINT ["/bin/sh", "/app/devstack/container/nats-source.sh"]
