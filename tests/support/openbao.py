"""A real OpenBao with TLS, and the identity tokens that GitLab would sign for it."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Optional

ROOT_TOKEN = "root-of-the-test"


def program() -> Path:
    cache = Path(os.environ.get("RUNNER_DEV_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner-dev")
    return cache / "python/bin/bao"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class OpenBao:
    """Use as a context manager. The server keeps everything in memory."""

    def __init__(self, directory: Path, host: str = "127.0.0.1") -> None:
        self.directory = directory
        self.host = host
        self.calls_before = 0

    def __enter__(self) -> "OpenBao":
        self.directory.mkdir()
        with socket.create_server((self.host, 0)) as free:
            port = free.getsockname()[1]
        self.key = self.directory / "jwt.key"
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)
        self.public_key = subprocess.run(["openssl", "rsa", "-in", self.key, "-pubout"], check=True,
                                         capture_output=True, text=True).stdout
        self.url = f"https://{self.host}:{port}"
        self.log = open(self.directory / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [program(), "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={self.directory}",
             f"-dev-listen-address={self.host}:{port}",
             f"-dev-root-token-id={ROOT_TOKEN}", "-dev-no-store-token"],
            stdout=self.log, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory)})
        self.wait_until_ready()
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()

    @property
    def ca_file(self) -> str:
        return str(next(self.directory.glob("*-ca.pem")))

    def wait_until_ready(self) -> None:
        """The server tells nobody when it is ready, so it is asked again and again for a short time."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.call("GET", "sys/mounts")
                return
            except (OSError, StopIteration):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError((self.directory / "log").read_text()) from None
                time.sleep(0.1)

    def call(self, method: str, path: str, body: Any = None, namespace: str = "") -> Any:
        request = urllib.request.Request(f"{self.url}/v1/{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"X-Vault-Token": ROOT_TOKEN, "X-Vault-Namespace": namespace})
        context = ssl.create_default_context(cafile=self.ca_file)
        try:
            with urllib.request.urlopen(request, context=context) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def set_up(self, namespace: str = "") -> None:
        """The auth method "gitlab" whose role "ci" may read, and the engines "ops" (kv-v2) and "old" (kv-v1)."""
        if namespace:
            self.call("POST", f"sys/namespaces/{namespace}", {})
        for path, version in (("ops", "2"), ("old", "1")):
            self.call("POST", f"sys/mounts/{path}", {"type": "kv", "options": {"version": version}}, namespace)
        self.call("PUT", "sys/policies/acl/ci", {"policy": 'path "ops/data/app/*" { capabilities = ["read"] }\n'
                                                           'path "old/*" { capabilities = ["read"] }'}, namespace)
        self.call("POST", "sys/auth/gitlab", {"type": "jwt"}, namespace)
        self.call("POST", "auth/gitlab/config", {"jwt_validation_pubkeys": [self.public_key]}, namespace)
        self.call("POST", "auth/gitlab/role/ci", {
            "role_type": "jwt", "bound_audiences": ["vault"], "user_claim": "sub", "token_policies": ["ci"],
            "bound_claims": {"project_id": "42"}}, namespace)

    def put(self, path: str, namespace: str = "", **fields: Any) -> None:
        body: dict[str, Any] = {"data": fields} if path.startswith("ops/data/") else fields
        self.call("PUT", path, body, namespace)

    def identity(self, audience: str = "vault", project: str = "42") -> str:
        """As GitLab's id_tokens: RS256."""
        now = int(time.time())
        claims = {"iss": "https://gitlab.example.com", "sub": "project_path:g/p:ref_type:branch:ref:main",
                  "aud": audience, "project_id": project, "iat": now, "nbf": now - 5, "exp": now + 3600}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                                   check=True, capture_output=True).stdout
        return f"{signed}.{_base64url(signature)}"

    def secret(self, path: str, field: str, file: Optional[bool] = None, engine: str = "kv-v2",
               engine_path: str = "ops", namespace: str = "", role: str = "ci", jwt: str = "$VAULT_ID_TOKEN") -> Any:
        """A secret as GitLab describes it in a payload."""
        described: dict[str, Any] = {"vault": {
            "server": {"url": "$VAULT_SERVER_URL", "namespace": namespace,
                       "auth": {"name": "jwt", "path": "gitlab", "data": {"jwt": jwt, "role": role}}},
            "engine": {"name": engine, "path": engine_path}, "path": path, "field": field}}
        if file is not None:
            described["file"] = file
        return described
