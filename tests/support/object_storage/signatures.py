"""Checks signatures of requests, written from the public documents and not from the program's code.

Each function returns what is wrong with a request, "" for nothing.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import subprocess
import tempfile
import urllib.parse
from typing import Mapping, NamedTuple

AZURE_VERSION = "2020-12-06"


class Request(NamedTuple):
    method: str
    path: str  # as sent, without the query
    query: list[tuple[str, str]]  # decoded, in order
    headers: Mapping[str, str]  # lower-case names


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")


def _expired(stamp: str, seconds: int, now: datetime.datetime) -> str:
    begin = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    if abs((now - begin).total_seconds()) > 900:
        return "RequestTimeTooSkewed"
    return "" if now <= begin + datetime.timedelta(seconds=seconds) else "expired"


def _v4_text(request: Request, prefix: str, algorithm: str, scope: str, stamp: str,
             names: list[str], payload: str) -> str:
    signed = [(_quoted(k), _quoted(v)) for k, v in request.query if k != f"{prefix}Signature"]
    query = "&".join(f"{k}={v}" for k, v in sorted(signed))
    lines = "".join(f"{n}:{' '.join(request.headers.get(n, '').split())}\n" for n in names)
    canonical = "\n".join([request.method, request.path, query, lines, ";".join(names), payload])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join([algorithm, stamp, scope, digest])


def _v4_parts(request: Request, prefix: str) -> tuple[dict[str, str], list[str], str]:
    fields = dict(request.query)
    names = fields.get(f"{prefix}SignedHeaders", "").split(";")
    own = prefix.lower()
    unsigned = [n for n in request.headers if n.startswith(own) and n not in names]
    problem = f"headers are not signed: {unsigned}" if unsigned else ""
    if "host" not in names:
        problem = "the host is not signed"
    if names != sorted(names):
        problem = "the names of the headers are not in order"
    return fields, names, problem


def aws_key(secret: str, scope: str) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def check_aws(request: Request, secrets: Mapping[str, str], tokens: Mapping[str, str], region: str,
              now: datetime.datetime) -> str:
    """A presigned request. `tokens`: the session tokens of access keys that have one."""
    fields, names, problem = _v4_parts(request, "X-Amz-")
    if problem or fields.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
        return problem or "no signature"
    access, _, scope = fields["X-Amz-Credential"].partition("/")
    stamp = fields["X-Amz-Date"]
    if access not in secrets:
        return "InvalidAccessKeyId"
    if scope != f"{stamp[:8]}/{region}/s3/aws4_request":
        return f"wrong scope {scope}"
    if fields.get("X-Amz-Security-Token", "") != tokens.get(access, ""):
        return "InvalidToken"
    if wrong := _expired(stamp, int(fields["X-Amz-Expires"]), now):
        return wrong
    text = _v4_text(request, "X-Amz-", "AWS4-HMAC-SHA256", scope, stamp, names, "UNSIGNED-PAYLOAD")
    wanted = hmac.new(aws_key(secrets[access], scope), text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(wanted, fields["X-Amz-Signature"]) else "SignatureDoesNotMatch"


def check_sts(request: Request, body: bytes, secrets: Mapping[str, str], tokens: Mapping[str, str],
              region: str, now: datetime.datetime) -> str:
    """A call that is signed by its Authorization header, with the digest of its body."""
    parts = dict(part.strip().split("=", 1) for part in
                 request.headers.get("authorization", "").removeprefix("AWS4-HMAC-SHA256 ").split(",") if "=" in part)
    access, _, scope = parts.get("Credential", "").partition("/")
    stamp = request.headers.get("x-amz-date", "")
    if access not in secrets:
        return "InvalidClientTokenId"
    if scope != f"{stamp[:8]}/{region}/sts/aws4_request":
        return f"wrong scope {scope}"
    if request.headers.get("x-amz-security-token", "") != tokens.get(access, ""):
        return "InvalidToken"
    if wrong := _expired(stamp, 900, now):
        return wrong
    names = parts["SignedHeaders"].split(";")
    if not {"host", "x-amz-date"} <= set(names):
        return "host and date are not signed"
    text = _v4_text(request, "X-Amz-", "AWS4-HMAC-SHA256", scope, stamp, names, hashlib.sha256(body).hexdigest())
    wanted = hmac.new(aws_key(secrets[access], scope), text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(wanted, parts["Signature"]) else "SignatureDoesNotMatch"


def check_google(request: Request, access_id: str, public_key: str, now: datetime.datetime) -> str:
    """`public_key`: the path of a PEM file."""
    fields, names, problem = _v4_parts(request, "X-Goog-")
    if problem or fields.get("X-Goog-Algorithm") != "GOOG4-RSA-SHA256":
        return problem or "no signature"
    who, _, scope = fields["X-Goog-Credential"].partition("/")
    stamp = fields["X-Goog-Date"]
    if who != access_id or scope != f"{stamp[:8]}/auto/storage/goog4_request":
        return f"wrong credential {who}/{scope}"
    if wrong := _expired(stamp, int(fields["X-Goog-Expires"]), now):
        return wrong
    text = _v4_text(request, "X-Goog-", "GOOG4-RSA-SHA256", scope, stamp, names,
                    "UNSIGNED-PAYLOAD")
    with tempfile.NamedTemporaryFile() as signature:
        signature.write(bytes.fromhex(fields["X-Goog-Signature"]))
        signature.flush()
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key, "-signature",
                               signature.name], input=text.encode(), capture_output=True,
                              check=False)
    return "" if done.returncode == 0 else "SignatureDoesNotMatch"


class Delegation(NamedTuple):
    """A user delegation key of Azure, as it is asked for and signed with."""

    object_id: str
    tenant_id: str
    start: str
    expiry: str
    key: str  # base64

    def xml(self) -> str:
        return (f"<UserDelegationKey><SignedOid>{self.object_id}</SignedOid><SignedTid>{self.tenant_id}</SignedTid>"
                f"<SignedStart>{self.start}</SignedStart><SignedExpiry>{self.expiry}</SignedExpiry>"
                f"<SignedService>b</SignedService><SignedVersion>{AZURE_VERSION}</SignedVersion>"
                f"<Value>{self.key}</Value></UserDelegationKey>")


def check_azure(request: Request, account: str, key: str, now: datetime.datetime) -> str:
    """A service SAS of one blob, "Create a service SAS" for version 2020-12-06."""
    fields = dict(request.query)
    return _wrong_sas(request, fields, now) or _wrong_azure_signature(request, fields, account, key, [""])


def check_azure_delegated(request: Request, account: str, delegation: Delegation, now: datetime.datetime) -> str:
    """The same by "Create a user delegation SAS"."""
    fields = dict(request.query)
    about = {"skoid": delegation.object_id, "sktid": delegation.tenant_id, "skt": delegation.start,
             "ske": delegation.expiry, "sks": "b", "skv": AZURE_VERSION}
    if {name: fields.get(name) for name in about} != about:
        return "not by the key of the identity"
    if not about["skt"] <= fields["st"] or not fields["se"] <= about["ske"]:
        return "outside of the time of its key"
    return _wrong_sas(request, fields, now) or _wrong_azure_signature(request, fields, account, delegation.key,
                                                                      [*about.values(), "", "", ""])


def _wrong_sas(request: Request, fields: Mapping[str, str], now: datetime.datetime) -> str:
    if "sig" not in fields:
        return "no signature"
    if fields.get("sv") != AZURE_VERSION or fields.get("sr") != "b":
        return "not a SAS of a blob in this version"
    for name, before in (("st", True), ("se", False)):
        when = datetime.datetime.strptime(fields[name], "%Y-%m-%dT%H:%M:%SZ")
        if (now < when) == before:
            return "outside of its time"
    needed = {"GET": "r", "HEAD": "r", "PUT": "w"}[request.method]
    if needed not in fields["sp"]:
        return f"the permission {needed} is missing"
    return ""


def _wrong_azure_signature(request: Request, fields: Mapping[str, str], account: str, key: str,
                           about_key: list[str]) -> str:
    # An emulator has the account in the path, too.
    resource = f"/blob/{account}" + urllib.parse.unquote(request.path).removeprefix(f"/{account}")
    text = "\n".join([fields["sp"], fields["st"], fields["se"], resource, *about_key, "",
                      fields.get("spr", ""), fields["sv"], fields["sr"], "", "", "", "", "", "",
                      ""])
    wanted = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return "" if base64.b64encode(wanted).decode() == fields["sig"] else "AuthenticationFailed"
