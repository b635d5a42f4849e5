"""The template as CloudFormation makes resources of it: parameters in, what there is then out.

SAM's own transformation, in SAM CLI's environment; then conditions and references as devstack has
them.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from devstack.intrinsics import Resolver
from devstack.sam import parameters
from tests.servers import ROOT

TEMPLATE = ROOT / "template.yaml"
Properties = Mapping[str, Any]

_PYTHON = ROOT / ".tools/sam/bin/python"
_TRANSFORMATION = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoManagedPolicies:
    def load(self):
        return {}

template = yaml_parse(sys.stdin.read())
for resource in template["Resources"].values():
    for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
        resource["Properties"][name] = "s3://bucket/key"  # as after `sam package`
json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)
"""

MSK = {"KafkaClusterArn": "arn:aws:kafka:eu-central-1:000000000000:cluster/orders/0-1"}
BROKERS = {"KafkaBootstrapServers": "a:9092,b:9092"}
VPC = {"VpcSubnetIds": "subnet-1,subnet-2", "VpcSecurityGroupIds": "sg-1"}
NATS = {
    **VPC,
    "NatsUrl": "nats://orders:secret@nats.test:4222",
    "NatsSourceImage": "000000000000.dkr.ecr.eu-central-1.amazonaws.com/nats-source:1",
}
SECRET = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:"
KEY = {"KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/1"}
NATS_CREDENTIALS = {"NatsCredentialsSecretArn": f"{SECRET}nats"}
DATABASE_IAM = {"DatabaseIamResourceId": "prx-1", "DatabaseSslRootCert": "system"}
DATABASE_SECRET = {"DatabaseSecretArn": f"{SECRET}database"}
ADMIN = {"DatabaseAdminSecretArn": f"{SECRET}admin"}
POOL = {"UserPoolArn": "arn:aws:cognito-idp:eu-central-1:000000000000:userpool/pool"}


@cache
def _transformed() -> dict[str, Any]:
    """Transform once: SAM resolves none of this template's parameters."""
    if not _PYTHON.exists() and "CI" not in os.environ:
        pytest.skip("SAM CLI is not installed: python -m devstack.install sam")
    done = subprocess.run(
        [_PYTHON, "-c", _TRANSFORMATION],
        input=TEMPLATE.read_bytes(),
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        check=True,
    )
    transformed: dict[str, Any] = json.loads(done.stdout)
    return transformed


@dataclass(frozen=True)
class Stack:
    """The resources that there are under some parameters, with their properties resolved."""

    types: Mapping[str, str]
    properties: Mapping[str, Properties]

    def of_type(self, *kinds: str) -> dict[str, Properties]:
        """Return the resources of these types by their logical ids."""
        return {name: self.properties[name] for name, kind in self.types.items() if kind in kinds}

    def statements(self, role: str) -> Iterator[Properties]:
        """Yield what a role may do: its own policies' statements and those of the stack's."""
        own = self.properties[role]
        for policy in own.get("Policies", ()):
            yield from policy["PolicyDocument"]["Statement"]
        for name in own.get("ManagedPolicyArns", ()):
            yield from self.properties[name]["PolicyDocument"]["Statement"]


def refusals(*given: Mapping[str, str], **more: str) -> set[str]:
    """Return the names of the rules that keep CloudFormation from taking these parameters."""
    resolver = _resolver(*given, more)
    return {
        name
        for name, rule in _transformed()["Rules"].items()
        if resolver.resolve(rule["RuleCondition"])
        and not all(resolver.resolve(one["Assert"]) for one in rule["Assertions"])
    }


def stack(*given: Mapping[str, str], **more: str) -> Stack:
    """Return the stack that these parameters make."""
    content, resolver = _transformed(), _resolver(*given, more)
    there = {
        name: resource
        for name, resource in content["Resources"].items()
        if "Condition" not in resource or resolver.holds(resource["Condition"])
    }
    return Stack(
        {name: resource["Type"] for name, resource in there.items()},
        {name: resolver.resolve(one.get("Properties") or {}) for name, one in there.items()},
    )


def _resolver(*given: Mapping[str, str]) -> Resolver:
    content = _transformed()
    values = {name: value for some in given for name, value in some.items()}
    return Resolver(
        parameters.values(content["Parameters"], values),
        content["Conditions"],
        content["Mappings"],
        content["Resources"],
    )
