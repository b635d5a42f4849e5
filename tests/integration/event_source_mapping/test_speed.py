"""How fast a mapping is: loose ratios that only a broken one misses (`make bench`: figures)."""

from pathlib import Path

from bench import mapping
from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.servers import KafkaServer


def test_ingestion_is_not_limited_by_the_mapping(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    fast = mapping.throughput(kafka, endpoint, tmp_path, records=40_000)

    assert fast.ratio > 0.03, fast


def test_a_record_is_sent_as_soon_as_it_is_produced(
    kafka: KafkaServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    prompt = mapping.delays(kafka, endpoint, tmp_path, records=400)

    assert prompt.ratio < 20, prompt
