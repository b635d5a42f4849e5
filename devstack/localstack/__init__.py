"""LocalStack in place of devstack's own AWS: settings in, a LocalStack with the stack in it out."""

from typing import Final

FUNCTION_PYTHON: Final = "DEVSTACK_FUNCTION_PYTHON"
"""Tells the executor in LocalStack what Python the functions run on."""
