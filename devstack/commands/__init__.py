"""The commands of `python -m devstack`: one module each, with `add_arguments` and `run`."""

from devstack.commands import demo, down, migrate, produce, status, up

COMMANDS = {
    "up": (up, "start the whole stack and run it until Ctrl-C"),
    "down": (down, "stop the running stack"),
    "status": (status, "show what runs, its memory and its addresses"),
    "produce": (produce, "send generated orders, good and bad, to the topic"),
    "demo": (demo, "follow one good and one bad record through the running stack"),
    "migrate": (migrate, "bring the database to the newest schema"),
}
