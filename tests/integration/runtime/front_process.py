"""A front process of a test: a template and handlers in a folder in, a running process out."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil
import yaml
from botocore.config import Config

from devstack.ports import free_port
from tests.servers import ROOT, wait_until

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

START_SECONDS = 30


@dataclass(frozen=True)
class FrontProcess:
    process: subprocess.Popen[str]
    http_port: int
    invoke_port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def client(self) -> "LambdaClient":
        return boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.invoke_port}",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )

    def lines(self) -> list[str]:
        return self.output.read_text(encoding="utf-8").splitlines()

    def environments(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        os.kill(self.process.pid, number)
        return self.process.wait(timeout=10)


def write_template(folder: Path, functions: Mapping[str, Mapping[str, Any]]) -> Path:
    """`Source` of each function becomes its app.py; the rest are its properties."""
    resources = {}
    for name, properties in functions.items():
        code = folder / name
        code.mkdir()
        (code / "app.py").write_text(properties["Source"], encoding="utf-8")
        others = {key: value for key, value in properties.items() if key != "Source"}
        resources[name] = {
            "Type": "AWS::Serverless::Function",
            "Properties": {"CodeUri": name, "Handler": "app.lambda_handler"} | others,
        }
    path = folder / "template.yaml"
    path.write_text(yaml.safe_dump({"Resources": resources}), encoding="utf-8")
    return path


def start(folder: Path, template: Path, site: str = "http://127.0.0.1:9/site") -> FrontProcess:
    http_port, invoke_port = free_port(), free_port()
    configuration = folder / "front.json"
    settings = {
        "template": str(template),
        "parameters": {},
        "environment": {"ADDED": "by the supervisor"},
        "http_ports": [http_port],
        "invoke_port": invoke_port,
        "site": site,
        "warm": list(yaml.safe_load(template.read_text(encoding="utf-8"))["Resources"]),
    }
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    output = folder / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "devstack.front", "--config", str(configuration)],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    front = FrontProcess(process, http_port, invoke_port, output)
    wait_until(
        lambda: "ready" in front.lines() or process.poll() is not None,
        "the front process to be ready",
        START_SECONDS,
    )
    assert process.poll() is None, output.read_text()
    return front
