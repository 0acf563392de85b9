"""An engine on another machine: TCP with TLS, and a certificate on both sides."""

import asyncio
import os
import shutil
import threading
import unittest

from tests.support.gitlab.certificates import make_certificates
from tests.system.docker_harness import DockerCase, docker, image

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


class TlsDoor:
    """Listens with TLS and passes the bytes on to the engine's socket. Use as a context manager."""

    def __init__(self, context):
        self._context, self._loop = context, asyncio.new_event_loop()
        self.accepted = 0

    def __enter__(self):
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self._server = self._loop.run_until_complete(serving)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *ignored):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader, writer):
        self.accepted += 1
        there, here = await asyncio.open_unix_connection(ENGINE)
        await asyncio.wait([asyncio.ensure_future(self._copy(reader, here)),
                            asyncio.ensure_future(self._copy(there, writer))],
                           return_when=asyncio.FIRST_COMPLETED)
        here.close()
        writer.close()

    @staticmethod
    async def _copy(source, target):
        try:
            while block := await source.read(65536):
                target.write(block)
                await target.drain()
        except OSError:
            pass


class EngineWithTls(DockerCase):
    def test_a_job_on_an_engine_with_tls(self):
        made, directory = self.certificates()
        door = self.start_behind_tls(made, directory)
        job = self.run_job("echo over TLS")
        self.assert_success(job)
        self.assertIn("\nover TLS\n", job.text)
        self.assertGreater(door.accepted, 0)

    def test_a_service_of_an_engine_out_of_reach(self):
        """Its port is asked from inside of its network, and the probe leaves nothing."""
        made, directory = self.certificates()
        self.start_behind_tls(made, directory)
        slow = {"name": image("busybox"), "alias": "web", "variables": {"HEALTHCHECK_TCP_PORT": "80"},
                "command": ["sh", "-c", "sleep 1; httpd -f -p 80 -h /"]}
        job = self.run_job("exec 3<> /dev/tcp/web/80", services=[slow])
        self.assert_success(job)
        self.assertNotIn("probably didn't start properly", job.text)
        self.assertEqual(docker("ps", "-aq", "--filter", "name=wait-for-service"), "")

    def test_a_foreign_authority_is_refused(self):
        made, directory = self.certificates()
        other = self.directory / "other"
        other.mkdir()
        shutil.copy(make_certificates(str(other), "127.0.0.1").ca, directory / "ca.pem")
        self.start_behind_tls(made, directory)
        job = self.run_job("true", patience=90)
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("the certificate is not trusted", job.text)

    def start_behind_tls(self, made, directory):
        door = self.enterContext(TlsDoor(made.server_context(True)))  # until the daemon has cleaned up
        self.start_docker(host=f"tcp://127.0.0.1:{door.port}", tls_verify=True, tls_cert_path=str(directory))
        return door

    def certificates(self):
        """Those of a test authority, and the directory with the names that the engine's clients look for."""
        authority, directory = self.directory / "authority", self.directory / "client"
        authority.mkdir()
        directory.mkdir()
        made = make_certificates(str(authority), "127.0.0.1")
        for name, path in (("ca", made.ca), ("cert", made.client_cert), ("key", made.client_key)):
            shutil.copy(path, directory / f"{name}.pem")
        return made, directory


if __name__ == "__main__":
    unittest.main()
