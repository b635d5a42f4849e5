"""Unit tests touch no network: a socket that is opened fails the test."""

import pytest
from hypothesis import settings
from pytest_socket import disable_socket

# Enough to find what is wrong, and the whole suite still takes a breath;
# `--hypothesis-profile=default` looks longer.
settings.register_profile("quick", max_examples=20)
settings.load_profile("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Block sockets before each test; event loops may keep their socket pairs."""
    disable_socket(allow_unix_socket=True)
