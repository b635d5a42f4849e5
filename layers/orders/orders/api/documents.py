"""Documents: what describes the API in files, answers out that a browser may keep.

The page works without any outside host: all that it needs is in it, and its policy lets it run
that and nothing else.
"""

import gzip
from base64 import b64encode
from functools import cache as once
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from aws_lambda_powertools.event_handler import Response

from orders.api.answers import JSON, Answer, is_known
from orders.api.negotiation import takes_gzip
from orders.api.requests import Event

OPENAPI: Final = Path(__file__).with_name("openapi.json")

_TITLE: Final = "Orders API"
_START: Final = """
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
"""


class Document(NamedTuple):
    """A document as it is sent, plain and compressed."""

    plain: str
    zipped: str
    """In base64, as API Gateway takes bytes."""
    etag: str
    policy: str | None = None

    @classmethod
    def of(cls, plain: str, policy: str | None = None) -> "Document":
        """Compress it, and name its content."""
        content = plain.encode()
        zipped = b64encode(gzip.compress(content)).decode()
        return cls(plain, zipped, sha256(content).hexdigest()[:16], policy)


@once
def openapi_document() -> Document:
    """Return the description of the API."""
    return Document.of(OPENAPI.read_text(encoding="utf-8"))


@once
def docs_page() -> Document:
    """Return the page that shows it: Swagger UI, which Powertools brings."""
    from aws_lambda_powertools.event_handler.openapi import swagger_ui  # noqa: PLC0415 - 4 MB

    folder = Path(swagger_ui.__file__).parent
    library = (folder / "swagger-ui-bundle.min.js").read_text(encoding="utf-8")
    style = (folder / "swagger-ui.min.css").read_text(encoding="utf-8")
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_TITLE}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        f'<main id="docs"><a href="openapi.json">{_TITLE}</a></main>\n'
        f"<script>{library}</script>\n<script>{_START}</script>\n</body>\n</html>\n"
    )
    return Document.of(page, _policy([library, _START], style))


def openapi(event: Event) -> Answer:
    """Answer with the description of the API."""
    return _answer(openapi_document(), JSON, event)


def page(event: Event) -> Answer:
    """Answer with the page that shows it."""
    return _answer(docs_page(), "text/html; charset=utf-8", event)


def _answer(document: Document, content_type: str, event: Event) -> Answer:
    zipped = takes_gzip(event.headers.get("Accept-Encoding"))
    etag = f'"{document.etag}{"-gzip" if zipped else ""}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if is_known(event.headers.get("If-None-Match"), etag):
        return Response(HTTPStatus.NOT_MODIFIED, headers=headers, body="")
    if document.policy:
        headers["Content-Security-Policy"] = document.policy
        headers["Referrer-Policy"] = "no-referrer"
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = document.zipped if zipped else document.plain
    answer = Response(HTTPStatus.OK, content_type, body, headers)
    answer.base64_encoded = zipped
    return answer


def _policy(scripts: list[str], style: str) -> str:
    """Allow what is written in the page, by its hashes, and requests to where it came from.

    https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)};"
        " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
