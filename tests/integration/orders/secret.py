"""A secret of a role of its own, in a real server of the Secrets Manager API."""

import json
from uuid import uuid4

import boto3

from tests.integration.conftest import Query


class Secret:
    """What RDS or a person keeps of a role that can log in."""

    def __init__(self, aws: str, query: Query, *, attributes: str = "") -> None:
        self._client = boto3.client("secretsmanager", endpoint_url=aws)
        self._query = query
        self.user = f"role_{uuid4().hex[:8]}"
        query(f"CREATE ROLE {self.user} LOGIN {attributes} PASSWORD 'first'")
        content = self._content("first")
        self.arn: str = self._client.create_secret(Name=self.user, SecretString=content)["ARN"]

    def rotate(self, password: str) -> None:
        """Do what a rotation of a single user does."""
        self._query(f"ALTER ROLE {self.user} PASSWORD '{password}'")
        self.put(self._content(password))

    def put(self, content: str) -> None:
        """Make this the current version."""
        self._client.put_secret_value(SecretId=self.arn, SecretString=content)

    def delete(self) -> None:
        self._client.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)

    def close(self) -> None:
        self._client.close()

    def _content(self, password: str) -> str:
        more = {"engine": "postgres", "host": "elsewhere", "port": 5432}
        return json.dumps({"username": self.user, "password": password, **more})
