"""Unit tests touch no network: a socket that is opened fails the test."""

import pytest
from pytest_socket import disable_socket


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Block sockets before each test; event loops may keep their socket pairs."""
    disable_socket(allow_unix_socket=True)
