"""A small object storage in memory. It speaks as S3, or as Azure does of blocks, and refuses every request whose
signature is wrong."""

from __future__ import annotations

import datetime
import hashlib
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, NamedTuple, Optional

from tests.support.object_storage.signatures import Delegation, Request, check_aws

Check = Callable[[Request, datetime.datetime], str]


class Object(NamedTuple):
    content: bytes
    headers: dict[str, str]  # metadata and encryption, as they were sent

    @property
    def etag(self) -> str:
        return '"' + hashlib.md5(self.content).hexdigest() + '"'


class Fault(NamedTuple):
    method: str
    status: int = 0  # 0: the connection is cut after `bytes` of the content
    bytes: int = 0


class Storage:
    """Use as a context manager. `objects` by path ("/bucket/name"), `seen` has "METHOD path"."""

    def __init__(self, check: Check, host: str = "127.0.0.1") -> None:
        self.check = check
        self.objects: dict[str, Object] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.upload_headers: dict[str, dict[str, str]] = {}
        self.seen: list[str] = []
        self.aborted: list[str] = []  # uploads
        self.blocks: dict[str, bytes] = {}
        self.ranges: list[str] = []
        self.refused: list[str] = []  # why requests were refused
        self.faults: list[Fault] = []
        self.delegation: Optional[Delegation] = None  # that `delegate_token` asks for
        self.delegate_token = ""
        storage = self

        class Bound(_Handler):
            owner = storage

        self._server = ThreadingHTTPServer((host, 0), Bound)
        self.address = f"{host}:{self._server.server_port}"

    @classmethod
    def s3(cls, secrets: dict[str, str], tokens: Optional[dict[str, str]] = None,
           region: str = "us-east-1", **more: Any) -> "Storage":
        return cls(lambda request, now: check_aws(request, secrets, tokens or {}, region, now),
                   **more)

    def __enter__(self) -> "Storage":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take_fault(self, method: str) -> Optional[Fault]:
        for fault in self.faults:
            if fault.method == method:
                self.faults.remove(fault)
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    owner: Storage
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str, text: str) -> None:
        self.owner.refused.append(f"{code}: {text}")
        self.close_connection = True
        self._answer(status, f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode())

    def _handle(self) -> None:
        owner = self.owner
        path, _, query = self.path.partition("?")
        fields = urllib.parse.parse_qsl(query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.name = urllib.parse.unquote(path)
        owner.seen.append(f"{self.command} {self.name}")
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        if fields == [("restype", "service"), ("comp", "userdelegationkey")] and owner.delegation:
            return self._delegate(headers)
        if wrong := owner.check(Request(self.command, path, fields, headers), now):
            return self._refuse(403, "AccessDenied", wrong)
        fault = owner.take_fault(self.command)
        if fault and fault.status:
            return self._refuse(fault.status, "Busy", "later")
        if self.command in ("PUT", "POST"):
            return self._write(dict(fields), headers)
        if self.command == "DELETE":
            owner.aborted.append(dict(fields)["uploadId"])
            owner.uploads.pop(dict(fields)["uploadId"])
            return self._answer(204)
        return self._read(headers, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle

    def _delegate(self, headers: dict[str, str]) -> None:
        """Get User Delegation Key of Azure."""
        body = self.rfile.read(int(headers["content-length"])).decode()
        if headers.get("authorization") != f"Bearer {self.owner.delegate_token}" or self.command != "POST":
            return self._refuse(403, "AuthorizationPermissionMismatch", "not this identity")
        if "x-ms-version" not in headers or not re.search(r"<KeyInfo><Start>[^<]+Z</Start><Expiry>[^<]+Z</Expiry></KeyInfo>", body):
            return self._refuse(400, "InvalidXmlDocument", "no times of the key")
        return self._answer(200, self.owner.delegation.xml().encode())

    def _read(self, headers: dict[str, str], fault: Optional[Fault]) -> None:
        found = self.owner.objects.get(self.name)
        if found is None:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        if headers.get("if-match", found.etag) != found.etag:
            return self._answer(412)
        content, status = found.content, 200
        more = {}
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", "")):
            self.owner.ranges.append(headers["range"])
            last = int(match[2]) if match[2] else len(content) - 1
            more["Content-Range"] = f"bytes {match[1]}-{last}/{len(content)}"
            content, status = content[int(match[1]):last + 1], 206
        if not fault:
            return self._answer(status, content, ETag=found.etag, **more)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:fault.bytes])
        self.close_connection = True

    def _write(self, fields: dict[str, str], headers: dict[str, str]) -> None:
        if "content-length" not in headers:
            return self._refuse(411, "MissingContentLength", "a length is needed")
        body = self.rfile.read(int(headers["content-length"]))
        kept = {k: v for k, v in headers.items() if k.startswith(("x-amz-", "x-goog-", "x-ms-"))}
        if fields.get("comp") == "block":
            self.owner.blocks[fields["blockid"]] = body
            return self._answer(201)
        if fields.get("comp") == "blocklist":
            names = re.findall(r"<Latest>([^<]+)</Latest>", body.decode())
            if len({len(name) for name in names}) != 1 or any(n not in self.owner.blocks for n in names):
                return self._refuse(400, "InvalidBlockList", "an unknown block")
            body = b"".join(self.owner.blocks[name] for name in names)
        if "uploads" in fields:
            number = str(len(self.owner.uploads) + 1)
            self.owner.uploads[number] = {}
            self.owner.upload_headers[number] = kept
            text = f"<R><UploadId>{number}</UploadId></R>"
            return self._answer(200, text.encode())
        if fields.get("uploadId", "") not in ("", *self.owner.uploads):
            return self._refuse(404, "NoSuchUpload", "it was aborted")
        if "partNumber" in fields:
            self.owner.uploads[fields["uploadId"]][int(fields["partNumber"])] = body
            return self._answer(200, ETag=f'"part-{fields["partNumber"]}"')
        if "uploadId" in fields:
            parts = self.owner.uploads.pop(fields["uploadId"])
            kept = self.owner.upload_headers.pop(fields["uploadId"])
            numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
            if numbers != sorted(parts):
                return self._refuse(400, "InvalidPart", f"{numbers} and not {sorted(parts)}")
            body = b"".join(parts[n] for n in numbers)
        self.owner.objects[self.name] = made = Object(body, kept)
        answer = f"<R><ETag>{made.etag}</ETag></R>" if "uploadId" in fields else ""
        return self._answer(200, answer.encode(), ETag=made.etag)
