"""The account and region that the local cloud pretends to be, and names in it.

Standard library only: LocalStack's executor imports it from another Python.
"""

ACCOUNT = "000000000000"
REGION = "eu-central-1"
STACK_NAME = "serverless-orders"


def function_arn(name: str) -> str:
    """Name a function as AWS does."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def bucket_name(logical_id: str) -> str:
    """Name a template's bucket that has no name of its own (S3 allows lower case only)."""
    return f"{STACK_NAME}-{logical_id.lower()}"
