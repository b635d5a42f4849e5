import subprocess
import sys

from devstack.ports import Ports, free_port

OTHER_STACK = """
import sys
from devstack.ports import Ports
print(Ports().next_free(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def test_two_stacks_that_start_at_once_choose_different_ports_before_either_listens() -> None:
    first = free_port()

    with subprocess.Popen(
        [sys.executable, "-c", OTHER_STACK, str(first)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        theirs = int(other.stdout.readline())
        ours = Ports().next_free(first)
        other.communicate()

    assert theirs == first
    assert ours > first
    assert Ports().next_free(first) == first
