"""CACHE_URL says where the cache is; what is wrong with it is said without its password."""

import pytest

from orders.second_level.url import CacheServer, parse
from orders.trust import SYSTEM_TRUST


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("valkey://cache", CacheServer(host="cache")),
        ("redis://127.0.0.1:6380/", CacheServer(host="127.0.0.1", port=6380)),
        ("valkey://[::1]:6380/3", CacheServer(host="::1", port=6380, database=3)),
        ("valkey://:se%40cret@cache", CacheServer(host="cache", password="se@cret")),
        (
            "rediss://orders:a%2Fb%3A@cache:6380",
            CacheServer(
                host="cache", port=6380, user="orders", password="a/b:", root_cert=SYSTEM_TRUST
            ),
        ),
        (
            "valkeys://cache?ssl_ca_certs=/opt/ca%20s.pem",
            CacheServer(host="cache", root_cert="/opt/ca s.pem"),
        ),
    ],
)
def test_a_url_is_read(url: str, server: CacheServer) -> None:
    assert parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "cache:6379",
        "http://:hidden@cache",
        "unix:///run/valkey.sock?password=hidden",
        "valkey://:hidden@",
        "valkey://:hid?den@cache",
        "valkey://:hid#den@cache",
        "valkey://:hid/den@cache",
        "valkey://:hid[den@cache",
        "valkey://:hidden@cache:port",
        "valkey://:hidden@cache:70000",
        "valkey://:hidden@cache/one",
        "valkey://:hidden@cache/1?db=2",
        "valkey://:hidden@cache?password=hidden",
        "valkey://cache?ssl_ca_certs=/opt/hidden.pem",
        "valkeys://cache?ssl_cert_reqs=hidden",
    ],
)
def test_what_is_no_url_of_a_cache_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="CACHE_URL must be valkey://") as caught:
        parse(url)

    assert "hid" not in str(caught.value)
    assert caught.value.__suppress_context__
