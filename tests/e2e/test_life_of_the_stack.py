"""How the stack starts, stops, and survives being killed."""

import signal
import socket
import time

import psutil

from devstack import leftovers
from devstack.ports import free_port
from devstack.samples import SAMPLE_ORDER_UID
from tests.e2e.stack import Stack, running_stack
from tests.servers import ROOT, KafkaServer, PostgresServer, temporary_folder, wait_until

APPLIED = "".join(f"{file.name[:4]} applied\n" for file in sorted(ROOT.glob("sql/*.sql")))


def test_a_stopped_stack_leaves_no_process_and_keeps_its_data() -> None:
    with running_stack() as stack:
        uid = stack.produce(count=1)["order_uids"][0]
        wait_until(lambda: stack.request(f"/order/{uid}").status == 200, "the order to be read")
        owned = stack.processes()

        began = time.monotonic()
        status = stack.end(signal.SIGTERM)
        seconds = time.monotonic() - began

        assert status == 0
        assert seconds < 10  # the contract's promise to whoever presses Ctrl-C
        assert not [process for process in owned if leftovers.is_alive(process)]

        stack.start()
        assert stack.request(f"/order/{uid}").status == 200
        assert "the sample orders of an earlier start are there" in stack.log()


def test_a_stack_whose_supervisor_was_killed_starts_again() -> None:
    with running_stack() as stack:
        owned = stack.processes()[1:]
        stack.end(signal.SIGKILL)
        assert any(map(leftovers.is_alive, owned)), "kill -9 leaves the servers running"

        stack.start()

        assert not [process for process in owned if leftovers.is_alive(process)]
        assert stack.request(f"/order/{SAMPLE_ORDER_UID}").status == 200


def test_a_stack_that_was_killed_with_all_its_processes_starts_again() -> None:
    with running_stack() as stack:
        for process in stack.processes():
            process.kill()
        stack.process.wait()

        stack.start()

        assert stack.request(f"/order/{SAMPLE_ORDER_UID}").status == 200


def test_servers_of_the_user_s_are_used_and_none_are_started(
    postgres: PostgresServer, kafka: KafkaServer
) -> None:
    database = postgres.settings(postgres.create_database())

    with running_stack(**database, KAFKA_BROKER=kafka.bootstrap_servers) as stack:
        assert set(stack.state()["components"]) == {"aws", "front", "mapping"}
        assert stack.request(f"/order/{SAMPLE_ORDER_UID}").status == 200


def test_a_database_of_the_user_s_is_migrated_whatever_listens_on_the_stack_s_ports(
    postgres: PostgresServer,
) -> None:
    database = postgres.settings(postgres.create_database())
    with temporary_folder() as home, socket.create_server(("127.0.0.1", 0)) as busy:
        idle = Stack(home, **database, HTTP_PORT=str(busy.getsockname()[1]))

        first, second = idle.command("migrate"), idle.command("migrate")

    assert (first.returncode, first.stdout) == (0, APPLIED), first.stderr
    assert (second.returncode, second.stdout) == (0, "nothing to apply\n")


def test_a_database_of_the_user_s_that_is_away_is_told_in_one_line() -> None:
    with temporary_folder() as home:
        done = Stack(home, DB_HOST="127.0.0.1", DB_PORT=str(free_port())).command("up")

        assert done.returncode == 1
        assert "cannot be used by postgres" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_busy_explicit_port_is_told_in_one_line() -> None:
    with temporary_folder() as home, socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]

        done = Stack(home, HTTP_PORT=str(port)).command("up")

        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert f"port {port} (HTTP_PORT) is taken" in done.stderr


def test_a_second_stack_in_the_same_folder_is_refused(stack: Stack) -> None:
    done = stack.command("up")

    assert done.returncode == 1
    assert "already running" in done.stderr
    assert psutil.pid_exists(stack.process.pid)


def test_commands_say_so_when_no_stack_runs() -> None:
    with temporary_folder() as home:
        idle = Stack(home)

        status, produced, down = map(idle.command, ("status", "produce", "down"))

        assert (status.returncode, produced.returncode, down.returncode) == (1, 1, 0)
        assert "no stack is running here" in status.stderr
        assert str(ROOT) not in status.stderr
