"""The distribution: the door on AWS is as devstack's edge is."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any

import pytest

from devstack import template
from devstack.front import edge
from tests.infrastructure.transformed import POOL, TEMPLATE, Stack, stack
from tests.servers import ROOT

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# …/using-managed-origin-request-policies.html: Host is the API's own.
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
EVERY_METHOD = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
HSTS = ("strict-transport-security", "63072000; includeSubDomains")
# What CloudFront keeps for ten seconds otherwise: …/HTTPStatusCodes.html
KEPT_ERRORS = {400, 403, 404, 405, 414, 500, 501, 502, 503, 504}


@pytest.fixture(scope="module")
def made() -> Stack:
    return stack()


def distribution(made: Stack) -> Mapping[str, Any]:
    config: Mapping[str, Any] = made.properties["SiteDistribution"]["DistributionConfig"]
    return config


def behaviour(made: Stack, path: str) -> Mapping[str, Any]:
    """Return what CloudFront does with a path: the first pattern that matches, or the default."""
    config = distribution(made)
    found: Mapping[str, Any] = next(
        (one for one in config["CacheBehaviors"] if fnmatchcase(path, one["PathPattern"])),
        config["DefaultCacheBehavior"],
    )
    return found


def paths() -> set[str]:
    """Return a path of each route."""
    routes = template.read(TEMPLATE, {}).routes
    return {re.sub(r"\{\w+\}", "b563feb7b2b84b6test", route.path) for route in routes}


def files() -> set[str]:
    folder = ROOT / "frontend"
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    return {f"{prefix}{name}" for prefix in ("/", "/web/") for name in {"", *names}}


def headers(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the headers that a response headers policy adds, over those of the origin."""
    config = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert all(one["Override"] for one in config.values())
    added = {("x-content-type-options", "nosniff")} if "ContentTypeOptions" in config else set()
    if hsts := config.get("StrictTransportSecurity"):
        domains = "; includeSubDomains" if hsts["IncludeSubdomains"] else ""
        added.add(("strict-transport-security", f"{hsts['AccessControlMaxAgeSec']}{domains}"))
    if csp := config.get("ContentSecurityPolicy"):
        added.add(("content-security-policy", csp["ContentSecurityPolicy"]))
    if referrer := config.get("ReferrerPolicy"):
        added.add(("referrer-policy", referrer["ReferrerPolicy"]))
    return added


def text(pairs: list[tuple[bytes, bytes]]) -> set[tuple[str, str]]:
    return {(name.decode(), value.decode()) for name, value in pairs}


def test_page_and_api_answer_with_the_edge_s_headers_and_for_https_alone(made: Stack) -> None:
    assert headers(made.properties["SiteHeaders"]) == text(edge.SITE_HEADERS) | {HSTS}
    assert headers(made.properties["ApiHeaders"]) == text([edge.NO_SNIFF]) | {HSTS}


def test_every_route_goes_to_the_api_with_every_method(made: Stack) -> None:
    for path in paths():
        chosen = behaviour(made, path)
        assert chosen["TargetOriginId"] == "api", path
        assert set(chosen["AllowedMethods"]) == EVERY_METHOD
        assert chosen["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER
        assert chosen["ResponseHeadersPolicyId"] == "ApiHeaders"


def test_every_file_of_the_page_comes_from_the_bucket(made: Stack) -> None:
    for path in files():
        chosen = behaviour(made, path)
        assert chosen["TargetOriginId"] == "site", path
        assert chosen["ResponseHeadersPolicyId"] == "SiteHeaders"


def test_no_pattern_is_there_for_nothing(made: Stack) -> None:
    patterns = {one["PathPattern"] for one in distribution(made)["CacheBehaviors"]}

    assert patterns == {behaviour(made, path).get("PathPattern") for path in paths()}


def test_open_orders_are_kept_and_asked_about_and_what_needs_a_login_is_never_kept() -> None:
    with_login = [stack(LookupAuthorization="AWS_IAM"), stack(POOL, LookupAuthorization="COGNITO")]

    policy = stack().properties["ByOriginHeaders"]["CachePolicyConfig"]
    assert behaviour(stack(), "/order/b563feb7b2b84b6test")["CachePolicyId"] == "ByOriginHeaders"
    assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)  # as the origin says, or not at all
    assert policy["MaxTTL"] > 0  # or nothing is kept whatever the origin says
    keyed = policy["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"]
    assert keyed == {"QueryStringBehavior": "all"}
    for made in with_login:
        for path in paths() - {"/docs", "/openapi.json"}:
            assert behaviour(made, path)["CachePolicyId"] == CACHING_DISABLED, path
    for path in (path for path in paths() if path.startswith("/quarantine")):
        assert behaviour(stack(), path)["CachePolicyId"] == CACHING_DISABLED


def test_no_error_is_kept(made: Stack) -> None:
    errors = distribution(made)["CustomErrorResponses"]

    assert {one["ErrorCode"] for one in errors} == KEPT_ERRORS
    assert all(one["ErrorCachingMinTTL"] == 0 for one in errors)
    assert all("ResponsePagePath" not in one for one in errors)  # it would hide the API's own


def test_addresses_of_the_page_are_the_edge_s(made: Stack) -> None:
    code = made.properties["SitePaths"]["FunctionCode"]

    (pattern,) = re.findall(r"const KEY = /\^(.*)\$/;", code)
    assert pattern.replace(r"\/", "/") == edge.KEY.pattern
    kind, detail = edge.WORDS[HTTPStatus.NOT_FOUND]
    assert f'code: "{kind}"' in code
    assert f'detail: "{detail}"' in code


def test_the_bucket_is_the_distribution_s_alone(made: Stack) -> None:
    statements = made.properties["SiteBucketPolicy"]["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]

    (only,) = allowed
    assert only["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    (source,) = only["Condition"]["StringEquals"].values()
    assert source.endswith(":distribution/SiteDistribution")
    (site,) = (one for one in distribution(made)["Origins"] if one["Id"] == "site")
    assert site["OriginAccessControlId"] == "SiteAccessControl"
    assert "WebsiteConfiguration" not in made.properties["SiteBucket"]


def test_without_a_distribution_the_bucket_is_a_website() -> None:
    made = stack(Distribution="false")

    assert made.properties["SiteBucket"]["WebsiteConfiguration"] == {"IndexDocument": "index.html"}
    statements = made.properties["SiteBucketPolicy"]["PolicyDocument"]["Statement"]
    assert [one["Effect"] for one in statements] == ["Deny"]
    assert not made.of_type(
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
    )


def test_a_name_of_its_own_comes_with_tls_1_2() -> None:
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/1"
    made = stack(DistributionDomainName="orders.test", DistributionCertificateArn=certificate)

    config = distribution(made)
    assert config["Aliases"] == ["orders.test"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
