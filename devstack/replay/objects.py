"""Objects: an s3:// address in, the events of the dead letters below it out."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from devstack.errors import UserError
from devstack.replay import documents
from devstack.replay.documents import RefusedDocumentError
from devstack.replay.events import Event

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"


class Objects:
    """The dead letters of a bucket under a prefix, one event each, in the order of their keys."""

    def __init__(self, client: "S3Client", address: str) -> None:
        self.place = address
        self._client = client
        self._bucket = urlsplit(address).netloc
        self._prefix = urlsplit(address).path.removeprefix("/")
        self._keys = self._listed()
        self.length = len(self._keys)
        # One more object, and it is another source: positions would not mean the same.
        self.identity = hashlib.sha256("\0".join([address, *self._keys]).encode()).hexdigest()

    def events(self, begin: int) -> Iterator[Event]:
        """Yield the events of the objects from number `begin` on."""
        for number, key in enumerate(self._keys[begin:], begin + 1):
            text = self._read(key)
            try:
                event = documents.kafka_event(text)
            except RefusedDocumentError as error:
                message = f"{SCHEME}{self._bucket}/{key} {error}; give a prefix without it"
                raise UserError(message) from error
            bookmark = {self.place: number}
            yield Event(event.event_format, event.batch, bookmark, verbatim=event.text)

    def _listed(self) -> list[str]:
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            return [found["Key"] for page in pages for found in page.get("Contents", ())]
        except (ClientError, BotoCoreError) as error:
            raise self._unreadable(error) from error

    def _read(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> UserError:
        return UserError(
            f"{self.place}: {error}; check the address and --aws-endpoint-url ('aws' for AWS)"
        )
