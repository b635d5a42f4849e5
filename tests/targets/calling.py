"""Calling: events on standard input in, what the handler returns on standard output out.

Run as a script in a process of its own, with what Lambda sets in its environment:
`python calling.py app.lambda_handler`. A line is one invocation, as JSON; the first answer is null
and says that the function is initialised.
"""

import importlib
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any


@dataclass
class _Context:
    aws_request_id: str
    deadline: float
    function_name: str = "direct"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:111122223333:function:direct"
    client_context: Any = None

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.deadline - time.monotonic()))


def main(handler: str) -> None:
    """Call the handler for each line until there is none."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the function's log is no answer
    module, _, name = handler.rpartition(".")
    call = getattr(importlib.import_module(module), name)
    print("null", file=answers, flush=True)  # initialised
    for line in sys.stdin:
        asked = json.loads(line)
        context = _Context(asked["request_id"], time.monotonic() + asked["seconds"])
        print(json.dumps(call(asked["event"], context)), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
