"""The commands of `python -m devstack`: one module each, with `add_arguments` and `run`."""

from devstack.commands import (
    build,
    demo,
    docker,
    down,
    esm,
    estimate,
    migrate,
    produce,
    prove,
    quarantine,
    replay,
    sam_invoke,
    sam_local,
    status,
    up,
    validate,
)

COMMANDS = {
    "up": (up, "start the whole stack and run it until Ctrl-C"),
    "down": (down, "stop the running stack"),
    "status": (status, "show what runs, its memory and its addresses"),
    "produce": (produce, "send generated orders, good and bad, to the topic"),
    "esm": (esm, "run the Kafka event source mappings of any SAM template"),
    "replay": (replay, "send records of a topic, of files or of dead letters to a function again"),
    "demo": (demo, "follow a good record, and a bad one that is mended, through the stack"),
    "quarantine": (quarantine, "look at refused records; correct, redrive or discard them"),
    "validate": (validate, "check files of orders before they are sent"),
    "prove": (prove, "injure a stack under load, and account for every record afterwards"),
    "docker": (docker, "the stack on servers in containers: up, down, clean"),
    "estimate": (estimate, "reckon what AWS would need for given rates, and charge"),
    "migrate": (migrate, "bring the database to the newest schema"),
    "build": (build, "build what is uploaded to Lambda, and say how large it is"),
    "sam-local": (sam_local, "serve the API from containers, beside the running stack"),
    "sam-invoke": (sam_invoke, "invoke a function with a sample event in its container"),
}
