"""A private certificate authority, made with the openssl program."""

from __future__ import annotations

import os
import ssl
import subprocess
from dataclasses import dataclass
from typing import Callable


@dataclass
class Certificates:
    """Paths of PEM files. The client pair is signed by the same authority."""

    ca: str
    server_cert: str
    server_key: str
    client_cert: str
    client_key: str

    def server_context(self, demand_client: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server_cert, self.server_key)
        if demand_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def make_certificates(directory: str, host: str, server_days: int = 30, ca_days: int = 30) -> Certificates:
    """`server_days`, `ca_days`: how long the certificates of server and authority are valid; negative: expired."""
    os.makedirs(directory, exist_ok=True)

    def at(name: str) -> str:
        return os.path.join(directory, name)

    _request(at, "ca", "/CN=Test Authority")
    with open(at("ca.ext"), "w", encoding="ascii") as file:
        file.write("basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n")
    # `req -x509` refuses a validity in the past.
    _openssl("x509", "-req", "-in", at("ca.csr"), "-signkey", at("ca.key"), "-out", at("ca.pem"), "-days", str(ca_days),
             "-extfile", at("ca.ext"))
    names = {"DNS:localhost", "IP:127.0.0.1", "IP:0:0:0:0:0:0:0:1"}
    names.add(("IP:" if host.replace(".", "").isdigit() or ":" in host else "DNS:") + host)
    _signed(at, "server", "/CN=" + host, "subjectAltName=" + ",".join(sorted(names)), server_days)
    _signed(at, "client", "/CN=runner", "extendedKeyUsage=clientAuth")
    return Certificates(at("ca.pem"), at("server.pem"), at("server.key"), at("client.pem"),
                        at("client.key"))


def _signed(at: Callable[[str], str], name: str, subject: str, extension: str,
            days: int = 30) -> None:
    _request(at, name, subject)
    with open(at(name + ".ext"), "w", encoding="ascii") as file:
        file.write(extension + "\n")
    _openssl("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"),
             "-CAcreateserial", "-out", at(name + ".pem"), "-days", str(days), "-extfile",
             at(name + ".ext"))


def _request(at: Callable[[str], str], name: str, subject: str) -> None:
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", at(name + ".key"), "-out", at(name + ".csr"), "-subj", subject)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")
