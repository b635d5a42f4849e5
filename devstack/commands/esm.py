"""The esm command: any SAM template in, its Kafka mappings running until Ctrl-C out."""

import asyncio
import signal
from argparse import ArgumentParser, Namespace
from pathlib import Path

from devstack import kafka, leftovers
from devstack.alone import alone
from devstack.commands.pairs import pair
from devstack.console import Console
from devstack.errors import UserError
from devstack.esm.options import Options
from devstack.esm.plan import Plan
from devstack.esm.processes import Processes
from devstack.event_source_mapping.definition.controls import LOG_LEVELS
from devstack.settings import Settings
from devstack.supervisor import Supervisor

_TEMPLATE_HELP = (
    "the SAM template; of a project with requirements the built one, which `sam build` leaves in"
    " .aws-sam/build/template.yaml: what is not built is served with its own modules alone"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack esm`."""
    option = parser.add_argument
    option("--template", type=Path, required=True, metavar="PATH", help=_TEMPLATE_HELP)
    option(
        "--function",
        action="append",
        default=[],
        metavar="NAME",
        help="only the mappings of this function; may be repeated (default: all)",
    )
    option(
        "--endpoint-url",
        metavar="URL",
        help="where the functions are invoked: `sam local start-lambda`, LocalStack, any Lambda"
        " Invoke API; 'aws' for AWS (default: they are served here, by AWS's runtime client)",
    )
    option(
        "--bootstrap-servers",
        metavar="HOST:PORT,…",
        help="brokers (default: KAFKA_BROKER, else the running stack's, else the template's own)",
    )
    option(
        "--aws-endpoint-url",
        metavar="URL",
        help="where destinations on SQS, SNS and S3 are; 'aws' for AWS (default: with functions"
        " on AWS, AWS; else a local one with the template's queues, topics and buckets)",
    )
    _add_pair(parser, "--parameter", "a parameter of the template, or what it would import")
    _add_pair(parser, "--choice", "how to do what AWS does not document; see the documentation")
    _add_pair(parser, "--kafka-property", "a setting of librdkafka, as to sign in")
    option(
        "--log-level",
        choices=LOG_LEVELS,
        help="of the pollers' log events, in the place of LoggingConfig",
    )


def _add_pair(parser: ArgumentParser, name: str, description: str) -> None:
    parser.add_argument(
        name,
        action="append",
        type=pair,
        default=[],
        metavar="NAME=VALUE",
        help=f"{description}; may be repeated",
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Run the mappings until told to stop; 0 when they stopped as asked.

    Raises `UserError` for what a person can put right.
    """
    plan = Plan(_options(arguments), settings)
    plan.check()
    refusal = f"these mappings are running already, in {plan.folder}"
    with alone(plan.folder, refusal), Console(plan.folder / "logs", own_name="esm") as console:
        try:
            leftovers.end(plan.folder)
            _check_brokers(plan)
            asyncio.run(_until_stopped(plan, console))
        finally:
            leftovers.end(plan.folder)
        console.say("stopped")
    return 0


def _options(arguments: Namespace) -> Options:
    return Options(
        template=arguments.template,
        functions=arguments.function,
        parameters=dict(arguments.parameter),
        endpoint_url=arguments.endpoint_url,
        aws_endpoint_url=arguments.aws_endpoint_url,
        bootstrap_servers=arguments.bootstrap_servers,
        choices=dict(arguments.choice),
        kafka_properties=dict(arguments.kafka_property),
        log_level=arguments.log_level,
    )


def _check_brokers(plan: Plan) -> None:
    if plan.options.kafka_properties:
        return  # who they let in, only a client that signs in finds out
    for servers in {one.bootstrap_servers for one in plan.configurations}:
        if not kafka.answers(servers):
            message = (
                f"no Kafka broker answers at {servers}; start it, or give --bootstrap-servers"
                " (and --kafka-property for one that wants to know who asks)"
            )
            raise UserError(message)


async def _until_stopped(plan: Plan, console: Console) -> None:
    processes = Processes(plan)
    supervisor = Supervisor(processes.components(), console)

    def stop() -> None:
        console.say("stopping")
        supervisor.stop()

    def welcome() -> None:
        for line in processes.welcome():
            console.say(line)
        console.say("running (Ctrl-C stops everything)")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    for note in plan.notes():
        console.say(note)
    await supervisor.run(welcome)
