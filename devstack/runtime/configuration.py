"""Function configuration: what template.yaml states in, a process's command and variables out.

Standard library only: LocalStack's executor imports it from another Python.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devstack.account import REGION, function_arn


@dataclass(frozen=True, kw_only=True)
class FunctionConfiguration:
    """All an execution environment has to know about its function."""

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 3
    memory_megabytes: int = 128
    interpreter: str = sys.executable

    @property
    def arn(self) -> str:
        """The function's ARN, as its context and error messages name it."""
        return function_arn(self.name)

    @property
    def command(self) -> tuple[str, ...]:
        """AWS's runtime client with this handler."""
        return (self.interpreter, "-m", "awslambdaric", self.handler)

    def variables(self, runtime_api: str) -> dict[str, str]:
        """Return the whole environment of the process; nothing else of ours reaches it.

        Names and meaning: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        return {**_DEFAULTS, **self.environment, **self._reserved(runtime_api)}

    def _reserved(self, runtime_api: str) -> dict[str, str]:
        return {
            "AWS_EXECUTION_ENV": _EXECUTION_ENVIRONMENT,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_megabytes),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "LAMBDA_TASK_ROOT": str(self.code),
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in (self.code, *self.layers)),
            "_HANDLER": self.handler,
        }


# The Python that runs, as AWS names it (from 3.12 on awslambdaric polls in a thread).
_EXECUTION_ENVIRONMENT = f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"

# What a function's own settings may replace.
_DEFAULTS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_SECRET_ACCESS_KEY": "local",
    "LANG": "C.UTF-8",
    "PATH": os.environ.get("PATH", os.defpath),
    "POWERTOOLS_METRICS_DISABLED": "true",
    "PYTHONUNBUFFERED": "1",
    "TZ": ":UTC",
}
