"""The site: the files of frontend/ in, objects of a bucket on the local S3 out."""

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config

from devstack.event_source_mapping.clients.aws_client import BUCKETS_OF_NO_PLACE, aws_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 3})


def upload(folder: Path, endpoint_url: str, bucket: str) -> int:
    """Make the bucket unless it is there and put every file into it; return how many.

    Raises `botocore.exceptions.BotoCoreError` or `ClientError` when S3 does not take them.
    """
    client: S3Client = aws_client("s3", endpoint_url, _PATIENCE, BUCKETS_OF_NO_PLACE)
    client.create_bucket(Bucket=bucket)
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    for file in files:
        client.put_object(
            Bucket=bucket,
            Key=file.relative_to(folder).as_posix(),
            Body=file.read_bytes(),
            ContentType=_content_type(file),
            CacheControl="no-cache",
            ACL="public-read",  # the local edge does not sign what it asks for, as CloudFront does
        )
    return len(files)


def _content_type(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
