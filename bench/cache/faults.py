"""Faults of the second level: its server and the network before it in, each disturbed out.

A fault is begun once, done again every moment while it lasts, and ended; then the server works as
it did, whatever it holds.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass

import valkey

from bench.cache.slow_proxy import SlowProxy
from devstack.valkey import MEMORY
from tests.servers import CacheServer

SLOW_SECONDS = 1.0
"""Much longer than any time-out."""
TRICKLE_SECONDS = 0.01
"""Between two bytes: shorter than any time-out, while a whole answer takes seconds."""

_POISON = """
local keys = redis.call('KEYS', '*')
for number, key in ipairs(keys) do
  if number % 3 == 0 then redis.call('SET', key, ARGV[1])
  elseif number % 3 == 1 then redis.call('SET', key, '')
  else redis.call('DEL', key) redis.call('LPUSH', key, ARGV[1]) end
end
"""
_EXCHANGE = """
local keys = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'string' then keys[#keys + 1] = key end
end
local values = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
for number, key in ipairs(keys) do redis.call('SET', key, values[number % #keys + 1]) end
"""


@dataclass(frozen=True)
class Surroundings:
    """What a fault may reach."""

    server: CacheServer
    proxy: SlowProxy
    """Between the functions and the server, if they reach it through a network that is slow."""

    def run(self, *command: str) -> None:
        """Have the server do something, as one who shares it would."""
        with valkey.Valkey(port=self.server.port) as client:
            client.execute_command(*command)


def _nothing(_: Surroundings) -> None:
    """Leave it as it is."""


Act = Callable[[Surroundings], None]


@dataclass(frozen=True)
class Fault:
    """One thing that befalls the second level."""

    name: str
    begin: Act = _nothing
    again: Act = _nothing
    end: Act = _nothing
    by_network: bool = False
    """Whether the functions have to reach the server through the proxy."""
    silences: bool = True
    """Whether nothing is found in the second level while it lasts."""
    spoils: bool = False
    """Whether what is found there is not what was put there."""


def _kill(it: Surroundings) -> None:
    it.server.stop(signal.SIGKILL)


def _restart(it: Surroundings) -> None:
    it.server.stop(signal.SIGTERM)
    it.server.start()


def _fill(it: Surroundings) -> None:
    it.run("FLUSHALL")
    it.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
    it.run("CONFIG", "SET", "maxmemory", "1")


def _make_room(it: Surroundings) -> None:
    it.run("CONFIG", "SET", "maxmemory", MEMORY)
    it.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")


def _delay(seconds: float) -> Act:
    def act(it: Surroundings) -> None:
        it.proxy.delay_seconds = seconds

    return act


def _trickle(seconds: float) -> Act:
    def act(it: Surroundings) -> None:
        it.proxy.trickle_seconds = seconds

    return act


FAULTS = (
    Fault("killed", _kill, end=lambda it: it.server.start()),
    Fault(
        "paused",
        lambda it: it.server.send_signal(signal.SIGSTOP),
        end=lambda it: it.server.send_signal(signal.SIGCONT),
    ),
    Fault("slow", _delay(SLOW_SECONDS), end=_delay(0), by_network=True),
    Fault("trickling", _trickle(TRICKLE_SECONDS), end=_trickle(0), by_network=True),
    Fault("full", _fill, end=_make_room),
    Fault(
        "rubbish",
        again=lambda it: it.run("EVAL", _POISON, "0", "\x00rubbish"),
        silences=False,
        spoils=True,
    ),
    Fault(
        "exchanged", again=lambda it: it.run("EVAL", _EXCHANGE, "0"), silences=False, spoils=True
    ),
    Fault("wiped", again=lambda it: it.run("FLUSHALL"), silences=False),
    Fault("restarted", again=_restart, silences=False),
)
