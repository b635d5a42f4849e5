"""How PostgreSQL's messages are told apart, however they are cut by the network."""

import struct
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.prove.arena.proxy.framing import Dialogue, Mark, Piece


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


def started(code: int, content: bytes = b"") -> bytes:
    return struct.pack("!II", len(content) + 8, code) + content


START = started(3 << 16, b"user\0orders\0\0")
ENCRYPTION = started(80877103)
QUERY = message(b"Q", b"COMMIT\0")
COMMITTED = message(b"C", b"COMMIT\0")
READY = message(b"Z", b"I")
COPY = message(b"d", b"1\tone\n")

ASKED = st.one_of(
    st.just(QUERY),
    st.just(message(b"Q", b"commit\0")),  # the functions do not write it so
    st.just(message(b"Q", b"COMMENT")),  # as long as a COMMIT, and it begins so too
    st.builds(message, st.sampled_from([b"P", b"B", b"Q", b"X"]), st.binary(max_size=30)),
)
ANSWERED = st.one_of(
    st.just(COMMITTED),
    st.just(READY),
    st.builds(message, st.sampled_from([b"C", b"D", b"T", b"d"]), st.binary(max_size=30)),
)


def cut(stream: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    for size in sizes:
        yield stream[:size]
        stream = stream[size:]
    yield stream


def pieces(say: Callable[[bytes], Iterator[Piece]], parts: Iterator[bytes]) -> list[Piece]:
    return [piece for part in parts if part for piece in say(part)]


def marked(found: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in found if piece[0]]


def joined(found: Sequence[Piece]) -> bytes:
    return b"".join(content for _, content in found)


@pytest.fixture
def dialogue() -> Dialogue:
    """Give one whose client has introduced itself."""
    return begun()


def begun() -> Dialogue:
    dialogue = Dialogue()
    assert list(dialogue.asked(START)) == [(None, START)]
    return dialogue


@given(st.lists(ASKED, max_size=8), st.lists(st.integers(0, 20), max_size=12))
def test_what_the_client_says_passes_and_its_commits_are_found(
    messages: list[bytes], sizes: list[int]
) -> None:
    found = pieces(Dialogue().asked, cut(START + b"".join(messages), sizes))

    assert joined(found) == START + b"".join(messages)
    assert marked(found) == [(Mark.COMMIT, one) for one in messages if one == QUERY]
    assert all(content for _, content in found)


@given(st.lists(ANSWERED, max_size=8), st.lists(st.integers(0, 20), max_size=12))
def test_what_the_server_says_passes_and_its_commits_are_found(
    messages: list[bytes], sizes: list[int]
) -> None:
    found = pieces(begun().answered, cut(b"".join(messages), sizes))

    assert joined(found) == b"".join(messages)
    assert marked(found) == [(Mark.COMMIT, one) for one in messages if one == COMMITTED]


@given(st.lists(st.integers(0, 20), max_size=12))
def test_copied_rows_are_found_once_from_their_beginning_on(sizes: list[int]) -> None:
    stream = QUERY + COPY + COPY + message(b"c", b"")

    found = pieces(begun().asked, cut(stream, sizes))

    copies = [content for mark, content in found if mark is Mark.COPY_DATA]
    assert joined(found) == stream
    assert len(copies) == 2
    assert all(COPY.startswith(copy) for copy in copies)


def test_what_looks_like_a_commit_inside_of_another_message_is_none(dialogue: Dialogue) -> None:
    copied = message(b"d", QUERY)

    assert list(dialogue.asked(copied)) == [(Mark.COPY_DATA, copied)]
    assert list(dialogue.answered(message(b"D", COMMITTED))) == [
        (None, message(b"D", COMMITTED)),
    ]


def test_the_beginning_of_a_commit_is_kept_until_it_is_known(dialogue: Dialogue) -> None:
    assert list(dialogue.asked(COPY + QUERY[:-1])) == [(Mark.COPY_DATA, COPY)]
    assert list(dialogue.asked(QUERY[-1:] + READY)) == [(Mark.COMMIT, QUERY), (None, READY)]


def test_a_client_whose_wish_for_encryption_is_refused_introduces_itself_then() -> None:
    dialogue = Dialogue()

    assert joined(list(dialogue.asked(ENCRYPTION))) == ENCRYPTION
    assert joined(list(dialogue.answered(b"N"))) == b"N"
    assert joined(list(dialogue.asked(START))) == START
    assert list(dialogue.asked(QUERY)) == [(Mark.COMMIT, QUERY)]
    assert list(dialogue.answered(COMMITTED)) == [(Mark.COMMIT, COMMITTED)]


def test_what_is_encrypted_passes_unread() -> None:
    dialogue = Dialogue()
    assert joined(list(dialogue.asked(ENCRYPTION))) == ENCRYPTION
    assert joined(list(dialogue.answered(b"S"))) == b"S"

    for noise in (b"\x16\x03\x01", b"\0" * 20, QUERY):
        assert joined(list(dialogue.asked(noise))) == noise
        assert joined(list(dialogue.answered(noise))) == noise


@pytest.mark.parametrize(
    "beginning", [started(80877102, b"\0" * 8), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"]
)
def test_a_cancel_request_and_tls_from_the_start_pass_unread(beginning: bytes) -> None:
    dialogue = Dialogue()

    assert list(dialogue.asked(beginning)) == [(None, beginning)]
    assert list(dialogue.asked(QUERY)) == [(None, QUERY)]
