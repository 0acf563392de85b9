"""The services of clouds that give a machine its credentials. They refuse what the real ones refuse."""

from __future__ import annotations

import base64
import datetime
import json
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.object_storage.signatures import Request, check_sts


class Identities:
    """Use as a context manager. `seen` has "METHOD path", `refused` why a request was refused."""

    INSTANCE = ("ASIAINSTANCE", "instance secret", "instance token")
    ROLE = ("ASIAROLE", "role secret", "role token")
    UPLOAD_ROLE = ("ASIAUPLOAD", "upload secret", "upload token")  # of a role whose name ends in "uploads"
    TOKEN = "machine-token"
    SIGNING_TOKEN = "machine-token-for-all-of-the-cloud"
    ACCOUNT = "ci@project.iam.gserviceaccount.com"
    AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws"

    def __init__(self, region: str = "us-east-1", private_key: str = "") -> None:
        """`private_key`: of Google's service account, a PEM file; without it, the account may not sign."""
        self.region = region
        self.private_key = private_key
        self.seen: list[str] = []
        self.refused: list[str] = []
        owner = self

        class Bound(_Handler):
            identities = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> "Identities":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def end() -> str:
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Handler(BaseHTTPRequestHandler):
    identities: Identities
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored: object) -> None:
        pass

    def _answer(self, status: int, text: str) -> None:
        if status >= 400:
            self.identities.refused.append(f"{self.command} {self.path}: {text}")
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        self.identities.seen.append(f"{self.command} {path}")
        fields = dict(urllib.parse.parse_qsl(query))
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if path.startswith("/latest/"):
            return self._instance(path)
        if path == "/metadata/identity/oauth2/token":
            good = self.headers.get("Metadata") == "true" and fields == {
                "api-version": "2018-02-01", "resource": "https://storage.azure.com"}
            return self._token(good, "3599")
        if path == "/computeMetadata/v1/instance/service-accounts/default/token":
            wide = fields.get("scopes") == "https://www.googleapis.com/auth/cloud-platform"
            return self._token(self.headers.get("Metadata-Flavor") == "Google", 3599,
                               Identities.SIGNING_TOKEN if wide else Identities.TOKEN)
        if path == "/computeMetadata/v1/instance/service-accounts/default/email":
            good = self.headers.get("Metadata-Flavor") == "Google"
            return self._answer(200 if good else 403, Identities.ACCOUNT if good else "a header is missing")
        if urllib.parse.unquote(path) == f"/v1/projects/-/serviceAccounts/{Identities.ACCOUNT}:signBlob":
            return self._sign(json.loads(body))
        if path == "/v1/token" and self.command == "POST":
            return self._exchange(dict(urllib.parse.parse_qsl(body.decode())))
        if path == "/" and self.command == "POST":
            return self._role(body)
        return self._answer(404, "no such path")

    do_GET = do_PUT = do_POST = _handle

    def _instance(self, path: str) -> None:
        roles = "/latest/meta-data/iam/security-credentials/"
        if path == "/latest/api/token":
            good = self.command == "PUT" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            return self._answer(200 if good else 400, "session" if good else "PUT and a lifetime are needed")
        if self.headers.get("X-aws-ec2-metadata-token") != "session":
            return self._answer(401, "a session is needed")
        if path == "/latest/meta-data/placement/availability-zone":
            return self._answer(200, self.identities.region + "b")
        if path in (roles, roles.rstrip("/")):
            return self._answer(200, "ci-role")
        if path != roles + "ci-role":
            return self._answer(404, "no such role")
        access, secret, token = Identities.INSTANCE
        return self._answer(200, json.dumps({"Code": "Success", "AccessKeyId": access, "SecretAccessKey": secret,
                                             "Token": token, "Expiration": Identities.end()}))

    def _sign(self, asked: dict[str, str]) -> None:
        """signBlob of Google's IAM Service Account Credentials API."""
        if self.headers.get("Authorization") != f"Bearer {Identities.SIGNING_TOKEN}":
            return self._answer(401, json.dumps({"error": {"message": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}}))
        if not self.identities.private_key:
            denied = "Permission 'iam.serviceAccounts.signBlob' denied on resource"
            return self._answer(403, json.dumps({"error": {"message": denied}}))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.identities.private_key],
                                input=base64.b64decode(asked["payload"]), capture_output=True, check=True)
        return self._answer(200, json.dumps({"keyId": "1", "signedBlob": base64.b64encode(signed.stdout).decode()}))

    def _token(self, good: bool, lifetime: Any, token: str = Identities.TOKEN) -> None:
        if not good:
            return self._answer(400, "headers or query of another service")
        return self._answer(200, json.dumps({"access_token": token, "expires_in": lifetime,
                                             "token_type": "Bearer"}))

    def _exchange(self, form: dict[str, str]) -> None:
        """Google's token service, for a workload on AWS."""
        wanted = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": Identities.AUDIENCE,
                  "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
                  "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request"}
        wrong = "invalid_request" if {name: form.get(name) for name in wanted} != wanted or not form.get("scope") else ""
        wrong = wrong or self._wrong_proof(form.get("subject_token", ""))
        if wrong:
            return self._answer(400, json.dumps({"error": "invalid_grant", "error_description": wrong}))
        return self._token(True, 3599)

    def _wrong_proof(self, subject_token: str) -> str:
        """What Google and AWS refuse in a signed GetCallerIdentity."""
        proof = json.loads(urllib.parse.unquote(subject_token))
        if set(proof) != {"url", "method", "headers"} or proof["method"] != "POST":
            return "not a request"
        headers = {entry["key"].lower(): entry["value"] for entry in proof["headers"]}
        url = urllib.parse.urlsplit(proof["url"])
        if url.scheme != "https" or url.netloc != f"sts.{self.identities.region}.amazonaws.com" or headers["host"] != url.netloc:
            return "not the region's STS"
        query = urllib.parse.parse_qsl(url.query)
        if sorted(query) != [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]:
            return "not GetCallerIdentity"
        if headers.get("x-goog-cloud-target-resource") != Identities.AUDIENCE:
            return "for somebody else"
        if "x-goog-cloud-target-resource" not in headers["authorization"]:
            return "the audience is not signed"
        access, secret, token = Identities.INSTANCE
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        return check_sts(Request("POST", url.path or "/", query, headers), b"", {access: secret}, {access: token},
                         self.identities.region, now)

    def _role(self, body: bytes) -> None:
        """AssumeRole of STS, by the instance."""
        access, secret, token = Identities.INSTANCE
        headers = {name.lower(): value for name, value in self.headers.items()}
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        wrong = check_sts(Request("POST", "/", [], headers), body, {access: secret}, {access: token},
                          self.identities.region, now)
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if not wrong and (form.get("Action"), form.get("Version")) != ("AssumeRole", "2011-06-15"):
            wrong = "InvalidAction"
        if not wrong and not form.get("RoleArn", "").startswith("arn:aws:iam::"):
            wrong = "ValidationError"
        if wrong:
            return self._answer(403, f"<ErrorResponse><Error><Code>{wrong}</Code><Message>no</Message></Error></ErrorResponse>")
        access, secret, token = Identities.UPLOAD_ROLE if form["RoleArn"].endswith("uploads") else Identities.ROLE
        return self._answer(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                                 f"<AccessKeyId>{access}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
                                 f"<SessionToken>{token}</SessionToken><Expiration>{Identities.end()}</Expiration>"
                                 "</Credentials></AssumeRoleResult></AssumeRoleResponse>")
