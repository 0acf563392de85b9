"""A small correct runner, for tests of the server."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
import zlib
from typing import Any, Optional

from tests.support.gitlab import GitLab

INFO = {
    "name": "gitlab-runner", "version": "17.11.4", "revision": "cc77edaf", "platform": "linux",
    "architecture": "amd64", "executor": "shell", "shell": "bash",
    "features": {name: True for name in (
        "variables image services artifacts cache fallback_cache_keys shared "
        "upload_multiple_artifacts upload_raw_artifacts session terminal refspecs masking proxy "
        "raw_variables artifacts_exclude multi_build_steps trace_reset trace_checksum trace_size "
        "vault_secrets cancelable return_exit_code service_variables service_multiple_aliases "
        "image_executor_opts service_executor_opts cancel_gracefully "
        "native_steps_integration").split()},
    "config": {"gpus": ""},
}
SYSTEM = "s_1746f8786189"


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Keeps one connection open; makes a new one after an error or a close."""

    def __init__(self, server: GitLab, context: Optional[ssl.SSLContext] = None) -> None:
        self.url = urllib.parse.urlsplit(server.url)
        self.context = context
        self.connection: Any = None

    def call(self, method: str, path: str, body: Any = None,
             headers: Optional[dict[str, str]] = None, **options: Any) -> Answer:
        sent = {"User-Agent": "gitlab-runner 17.11.4 (HEAD; go1.26.8; linux/amd64)"}
        if body is not None and not isinstance(body, bytes) and not hasattr(body, "__next__"):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
            sent["Accept"] = "application/json"
        sent.update(headers or {})
        if self.connection is None:
            kind: Any = http.client.HTTPConnection
            extra: dict[str, Any] = {"timeout": 10}
            if self.url.scheme == "https":
                kind, extra = http.client.HTTPSConnection, {"timeout": 10, "context": self.context}
            self.connection = kind(self.url.hostname, self.url.port, **extra)
        try:
            self.connection.request(method, self.url.path + path, body, sent, **options)
            return Answer(self.connection.getresponse())
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def request_job(self, token: str, last_update: Optional[str] = None, **more: Any) -> Answer:
        body = {"info": INFO, "token": token, "system_id": SYSTEM, **more}
        if last_update is not None:
            body["last_update"] = last_update
        return self.call("POST", "/api/v4/jobs/request", body, {"Runner-Token": token})

    def patch(self, job: dict[str, Any], start: int, data: bytes, **headers: str) -> Answer:
        return self.call("PATCH", f"/api/v4/jobs/{job['id']}/trace?debug_trace=false", data, {
            "Content-Range": f"{start}-{start + len(data) - 1}", "Content-Type": "text/plain",
            "Job-Token": job["token"], **headers})

    def put(self, job: dict[str, Any], state: str, log: bytes = b"", **more: Any) -> Answer:
        output = {"checksum": f"crc32:{zlib.crc32(log):08x}", "bytesize": len(log)} if log else {}
        body = {"info": INFO, "token": job["token"], "state": state, "output": output, **more}
        return self.call("PUT", f"/api/v4/jobs/{job['id']}", body, {"Job-Token": job["token"]})
