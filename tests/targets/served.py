"""Served places: addresses of a Lambda Invoke API and of an API Gateway in, their answers out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError

from devstack.account import REGION
from tests.targets.place import Answer

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A place behind two addresses."""

    invoke_url: str
    api_url: str
    database: Mapping[str, str]
    function_name: Callable[[str], str] = str
    """What the place calls the function of a logical id."""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Answer:
        """Ask as any AWS SDK does."""
        try:
            answer = self._client.invoke(
                FunctionName=self.function_name(function), Payload=json.dumps(event).encode()
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Answer(status, json.dumps(error.response["Error"]))
        return Answer(
            status=answer["StatusCode"],
            body=answer["Payload"].read().decode(),
            function_error=answer.get("FunctionError", ""),
        )

    def request(self, event: Mapping[str, Any]) -> Answer:
        """Ask as any HTTP client does."""
        headers = {name: value for name, value in event["headers"].items() if name != "Host"}
        answer = httpx.request(
            event["httpMethod"],
            self.api_url + event["path"],
            params=event["queryStringParameters"],
            headers=headers,
            content=event["body"],
            timeout=_PATIENCE_SECONDS,
            trust_env=False,
        )
        return Answer(answer.status_code, answer.text, dict(answer.headers))

    @property
    def _client(self) -> "LambdaClient":
        return boto3.client(
            "lambda",
            endpoint_url=self.invoke_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=_PATIENCE_SECONDS),
        )
