"""The site: the files of frontend/ in, objects of a bucket on the local S3 out."""

import mimetypes
from pathlib import Path

import boto3
from botocore.config import Config

_PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 3})


def upload(folder: Path, endpoint_url: str, bucket: str) -> int:
    """Make the bucket unless it is there and put every file into it; return how many.

    Raises `botocore.exceptions.BotoCoreError` or `ClientError` when S3 does not take them.
    """
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",  # the one whose buckets need no location
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - the local S3 takes any
        config=_PATIENCE,
    )
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
