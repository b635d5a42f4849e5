"""Deployment: a template and its parameters in, what LocalStack made of its resources out.

`sam deploy`, as on AWS. LocalStack says CREATE_COMPLETE of a type that it does not know, too: so
every resource is looked at afterwards.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from devstack import private_file, sam_cli, site
from devstack.account import REGION, STACK_NAME
from devstack.errors import UserError
from devstack.event_source_mapping.clients.aws_client import (
    BUCKETS_OF_NO_PLACE,
    LOCAL_CREDENTIAL,
    aws_client,
)

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

CODE_BUCKET: Final = f"{STACK_NAME}-code"
_MIGRATION_SECONDS: Final = 600
_CONFIG: Final = Config(read_timeout=30, retries={"total_max_attempts": 1})
_CUSTOM: Final = "Custom::"
_UNKNOWN: Final = "unknown"
_POLL_SECONDS: Final = "0.5"


def deploy(template: Path, parameters: Mapping[str, str], endpoint_url: str, folder: Path) -> None:
    """Make or update the stack; `folder` is where the parameters are handed over.

    Raises `UserError` with SAM's last words when it fails.
    """
    buckets: S3Client = aws_client("s3", endpoint_url, _CONFIG, BUCKETS_OF_NO_PLACE)
    buckets.create_bucket(Bucket=CODE_BUCKET)
    given = private_file.write(folder / "parameters.yaml", parameters)  # JSON is YAML
    sam_cli.run(
        "deploy",
        *("--template-file", str(template)),
        *("--stack-name", STACK_NAME),
        *("--region", REGION),
        *("--s3-bucket", CODE_BUCKET, "--no-resolve-s3"),  # a made one takes SAM 15 s
        *("--parameter-overrides", f"file://{given}"),
        "--no-confirm-changeset",
        "--no-progressbar",
        environment={
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": LOCAL_CREDENTIAL,
            "AWS_SECRET_ACCESS_KEY": LOCAL_CREDENTIAL,
            "SAM_CLI_POLL_DELAY": _POLL_SECONDS,
        },
    )


def resources(endpoint_url: str) -> Mapping[str, str]:
    """Return the stack's resources, physical ids by logical ones; raises what `made` raises."""
    client = aws_client("cloudformation", endpoint_url, _CONFIG, REGION)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    return made(resource for page in pages for resource in page["StackResourceSummaries"])


def made(listed: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the physical ids by logical ones; what a condition left out has none.

    Raises `UserError` when LocalStack only pretends to have made one: what it does not know it
    calls `unknown`. Custom resources are expected to be among them, since it asks nobody for them.
    """
    found = [resource for resource in listed if "PhysicalResourceId" in resource]
    lost = [
        f"{resource['LogicalResourceId']} ({resource['ResourceType']})"
        for resource in found
        if resource["PhysicalResourceId"] == _UNKNOWN
        and not resource["ResourceType"].startswith(_CUSTOM)
    ]
    if lost:
        message = (
            f"LocalStack does not know {', '.join(lost)}; give it in template.yaml a condition"
            " that Distribution=false or Monitoring=false turns off"
        )
        raise UserError(message)
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def migrate(function: str, endpoint_url: str) -> None:
    """Do what the custom resource asks for on AWS; raises `UserError` when it fails."""
    patient = _CONFIG.merge(Config(read_timeout=_MIGRATION_SECONDS))
    client: LambdaClient = aws_client("lambda", endpoint_url, patient, REGION)
    answer = client.invoke(FunctionName=function)
    if "FunctionError" in answer:
        message = f"{function} failed: {answer['Payload'].read().decode(errors='replace')}"
        raise UserError(message)


def _refuse_a_second(endpoint_url: str) -> None:
    client = aws_client("cloudformation", endpoint_url, _CONFIG, REGION)
    listed = client.get_paginator("list_stacks").paginate().search("StackSummaries[].StackName")
    if STACK_NAME in listed:
        message = (
            f"LocalStack at {endpoint_url} has the stack {STACK_NAME} already, and cannot take it"
            " twice; restart that LocalStack, which forgets it"
        )
        raise UserError(message)


def deployed(
    template: Path, parameters: Mapping[str, str], endpoint_url: str, folder: Path, page: Path
) -> Mapping[str, str]:
    """Deploy, migrate, and upload the page's folder; return the physical ids by logical ones.

    Raises `UserError` for whatever of it fails, and for a LocalStack that has the stack already:
    after a second deployment its API would not answer.
    """
    try:
        _refuse_a_second(endpoint_url)
        deploy(template, parameters, endpoint_url, folder)
        physical = resources(endpoint_url)
        migrate(physical["MigrateFunction"], endpoint_url)
        site.upload(page, endpoint_url, physical["SiteBucket"])
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        message = f"LocalStack at {endpoint_url} could not be deployed to: {error}"
        raise UserError(message) from error
    return physical
