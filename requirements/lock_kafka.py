"""Lock Apache Kafka: its version in, checksum and coordinates of every jar it needs out."""

import hashlib
import os
from tempfile import TemporaryDirectory

from devstack import kafka

ENDPOINT = f"org.apache.kafka:kafka_2.13:{kafka.VERSION}+org.slf4j:slf4j-simple:1.7.36"


def main() -> None:
    """Resolve what the broker depends on and write requirements/kafka.txt."""
    with TemporaryDirectory() as repository:
        os.environ["M2_REPO"] = repository  # jgo reads it when it is called
        import jgo  # noqa: PLC0415 - slow to import

        jars = {
            f"{artefact.groupId}:{artefact.artifactId}:{artefact.version}": artefact.resolve()
            for artefact in jgo.resolve(ENDPOINT)
        }
        checksums = {name: hashlib.sha256(jar.read_bytes()) for name, jar in jars.items()}
    lines = (f"{checksum.hexdigest()}  {name}\n" for name, checksum in sorted(checksums.items()))
    kafka.LOCK.write_text("".join(lines))


if __name__ == "__main__":
    main()
