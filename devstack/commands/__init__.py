"""The commands of `python -m devstack`: one module each, with `add_arguments` and `run`."""

COMMANDS = {
    "up": "start the whole stack and run it until Ctrl-C",
    "down": "stop the running stack",
    "status": "show what runs, its memory and its addresses",
    "produce": "send generated orders, good and bad, to what the stack reads",
    "esm": "run the Kafka event source mappings of any SAM template",
    "nats-source": "read a stream of NATS into the ingest function, here or beside it on AWS",
    "replay": "send records of a topic, a stream, files or dead letters to a function again",
    "demo": "follow a good record, and a bad one that is mended, through the stack",
    "quarantine": "look at refused records; correct, redrive or discard them",
    "validate": "check files of orders before they are sent",
    "prove": "injure a stack under load, and account for every record afterwards",
    "docker": "the stack on servers in containers: up, down, clean",
    "estimate": "reckon what AWS would need for given rates, and charge",
    "migrate": "bring the database to the newest schema",
    "build": "build what is uploaded to Lambda, and say how large it is",
    "sam-local": "serve the API from containers, beside the running stack",
    "sam-invoke": "invoke a function with a sample event in its container",
}
"""What each one does; its module is imported when it is asked for, and nobody else's."""
