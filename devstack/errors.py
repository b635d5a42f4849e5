"""What a person can put right: one line that names the cause and the way out, never a traceback."""


class UserError(Exception):
    """A fault outside the program, told in one sentence; commands print it and exit with 1."""
