"""A real sshd(8) for one test: git over ssh, and a Docker engine behind ssh."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from tests.system.harness import Output, need

PROGRAM = "/usr/sbin/sshd"
USER = "root"

_CONFIG = """
ListenAddress {address}:{port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/client_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
SetEnv "PATH={path}" "DOCKER_HOST={engine}"
LogLevel VERBOSE
"""


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class SshServer:
    """Lets root in with one key. Use as a context manager."""

    def __init__(self, address: str, engine: str = "") -> None:
        need(os.geteuid() == 0, "root, to start sshd")
        need(Path(PROGRAM).exists(), "sshd (Debian package openssh-server)")
        # Not in the test's directory: a test looks for processes that are left there before this one ends.
        self.directory = directory = Path(tempfile.mkdtemp(prefix="runner-sshd-"))
        self.address, self.port = address, free_port(address)
        for name in ("host_key", "client_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)], check=True)
        host_key = (directory / "host_key.pub").read_text().split()
        self.known_hosts = f"[{address}]:{self.port} {host_key[0]} {host_key[1]}\n"
        self.client_key = (directory / "client_key").read_text()
        (directory / "sshd_config").write_text(_CONFIG.format(
            address=address, port=self.port, directory=directory, path=os.environ["PATH"], engine=engine))
        self._process: Optional[subprocess.Popen[bytes]] = None

    def __enter__(self) -> "SshServer":
        os.makedirs("/run/sshd", exist_ok=True)
        self._process = subprocess.Popen([PROGRAM, "-D", "-e", "-f", str(self.directory / "sshd_config")],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._output = Output(self._process.stdout)
        self._output.wait(r"Server listening on", 10, lambda: self._process.poll() is None)
        return self

    def __exit__(self, *ignored: object) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def log(self) -> str:
        return self._output.text

    def url(self, path: object = "") -> str:
        return f"ssh://{USER}@{self.address}:{self.port}{path}"

    def client(self, known: Optional[str] = None) -> str:
        """A directory with an `ssh` that knows this server and has its key, for PATH."""
        made = self.directory / "bin"
        made.mkdir(exist_ok=True)
        (self.directory / "known_hosts").write_text(self.known_hosts if known is None else known)
        (made / "ssh").write_text(
            f'#!/bin/sh\nexec {shutil.which("ssh")} -F none -i {self.directory}/client_key '
            f'-o UserKnownHostsFile={self.directory}/known_hosts "$@"\n')
        (made / "ssh").chmod(0o755)
        return str(made)
