"""Credentials: settings in, the user and the password of one connection out.

A secret wins over an IAM token, a token over the plain password. boto3 is in Lambda's runtime and
not in the layer, and takes a tenth of a second to import: only who needs it does, when the login is
made, which is at the start of an environment. AWS itself is not asked before the first connection,
so that a snapshot of the start (SnapStart) holds nothing that expires.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from orders.config import Settings
from orders.errors import StoreUnavailableError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

SECRET_SECONDS: Final = 300
"""How long a secret is believed; one that PostgreSQL refuses is fetched anew before that."""

# Once each, as what waits for a connection asks again: a failure takes 2 s at most.
_LIMITS: Final[dict[str, Any]] = {
    "connect_timeout": 1,
    "read_timeout": 1,
    "retries": {"total_max_attempts": 1},
}


class Credentials(NamedTuple):
    """What PostgreSQL lets in."""

    user: str
    password: str


class Login(Protocol):
    """Where credentials come from; its methods raise StoreUnavailableError."""

    def credentials(self) -> Credentials:
        """Return what to log in with now."""

    def renewed(self, refused: Credentials) -> Credentials | None:
        """Return others in the place of those that were refused, or None."""


def login(settings: Settings) -> Login:
    """Return the login that the settings ask for."""
    if settings.db_secret_arn:
        return _Secret(settings.db_secret_arn)
    if settings.db_iam_auth:
        return _IamToken(settings)
    return _Plain(settings)


class _Plain:
    """The password of the settings, for servers on this machine."""

    def __init__(self, settings: Settings) -> None:
        self._credentials = Credentials(settings.db_user, settings.db_password)

    def credentials(self) -> Credentials:
        return self._credentials

    def renewed(self, refused: Credentials) -> None:
        """Return none: there is one password only."""


class _Secret:
    """User and password of Secrets Manager, as RDS and its rotation keep them.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    """

    def __init__(self, arn: str) -> None:
        from aws_lambda_powertools.utilities.parameters import SecretsProvider  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        self._arn = arn
        self._new_provider = partial(SecretsProvider, boto_config=Config(**_LIMITS))

    @cached_property
    def _provider(self) -> "SecretsProvider":
        return self._new_provider()

    def credentials(self) -> Credentials:
        return self._fetch(anew=False)

    def renewed(self, refused: Credentials) -> Credentials | None:
        """Fetch the secret anew: it may have been rotated."""
        renewed = self._fetch(anew=True)
        return None if renewed == refused else renewed

    def _fetch(self, *, anew: bool) -> Credentials:
        with _told(f"the secret {self._arn} cannot be read"):
            content = self._provider.get(
                self._arn, max_age=SECRET_SECONDS, transform="json", force_fetch=anew
            )
        match content:
            case {"username": str(user), "password": str(password)}:
                return Credentials(user, password)
        message = f"the secret {self._arn} has no username and password"
        raise StoreUnavailableError(message)


class _IamToken:
    """A token of 15 minutes in the place of a password, signed here for each connection.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
    """

    def __init__(self, settings: Settings) -> None:
        import boto3  # noqa: PLC0415

        self._settings = settings
        self._new_session = boto3.session.Session

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its methods at run time
        return self._new_session().client("rds")

    def credentials(self) -> Credentials:
        settings = self._settings
        with _told("no IAM token can be signed"):
            token: str = self._client.generate_db_auth_token(
                DBHostname=settings.db_host, Port=settings.db_port, DBUsername=settings.db_user
            )
        return Credentials(settings.db_user, token)

    def renewed(self, refused: Credentials) -> None:
        """Return none: every token is new."""


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell what AWS or the way to it has against us as the infrastructure's fault."""
    from aws_lambda_powertools.utilities.parameters import exceptions  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    faults = (BotoCoreError, exceptions.GetParameterError, exceptions.TransformParameterError)
    try:
        yield
    except faults as error:
        message = f"{what}: {error}"
        raise StoreUnavailableError(message) from error
