"""The produce command, wired to the running stack."""

from argparse import Namespace

from devstack import produce_command, state
from devstack.settings import Settings

add_arguments = produce_command.add_arguments


def run(arguments: Namespace, settings: Settings) -> int:
    """Produce to KAFKA_BROKER when it is set, to the running stack's broker otherwise."""
    broker = settings.values.get("KAFKA_BROKER") or state.running(settings).addresses.kafka_broker
    return produce_command.run(arguments, bootstrap_servers=broker, topic=settings.topic)
