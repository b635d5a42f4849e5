"""The account and region that the local cloud pretends to be; standard library only."""

ACCOUNT = "000000000000"
REGION = "eu-central-1"
