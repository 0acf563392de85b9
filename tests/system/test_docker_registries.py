"""Private registries in jobs with an engine: plain HTTP, names of /etc/hosts, builders of the script."""

import socket
import threading
import unittest

from tests.system.docker_harness import DockerCase, Registry, docker, image

BUILD = "printf 'FROM scratch\\nCOPY file /file\\n' > Dockerfile && echo x > file"
HOST = "registry.company.net"


class NoTls:
    """A relay before a plain registry. It answers a TLS hello without an HTTP status line, as many servers do."""

    def __init__(self, registry):
        self._target = (registry.address, registry.port)
        self._listener = socket.create_server((registry.address, 0))
        self.port = self._listener.getsockname()[1]
        self.hellos = 0

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *ignored):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        first = client.recv(65536)
        if first.startswith(b"\x16"):
            self.hellos += 1
            client.sendall(b"what?\r\n")
            client.close()
            return
        upstream = socket.create_connection(self._target)
        upstream.sendall(first)
        threading.Thread(target=_copy, args=(client, upstream), daemon=True).start()
        _copy(upstream, client)


def _copy(source, target):
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class RegistryCase(DockerCase):
    image_name = "dind"
    images = ("buildkit",)
    privileged = True

    def registry(self, port):
        return Registry(str(self.directory / "registry"), port)

    def start_with(self, **table):
        self.start_docker({"dind": {"builder_image": image("buildkit")}, "registry": [table]})


class Plain(RegistryCase):
    def test_a_plain_registry_is_never_asked_over_tls(self):
        kind = docker("image", "inspect", "-f", '{{index .Config.Labels "runner-test.buildkit"}}',
                      image("buildkit")).strip()
        if kind == "stand-in":
            self.skipTest("the stand-in for BuildKit does not read buildkitd.toml itself")
        with self.registry(5110) as registry, NoTls(registry) as relay:
            host = f"{HOST}:{relay.port}"
            self.start_with(host=host, address=registry.address, http=True)
            job = self.run_job([BUILD, f"docker buildx build -t {host}/made/it:1 --push ."],
                               timeout=180)
            self.assert_success(job)
            self.assertEqual(relay.hellos, 0)


class AddedNames(RegistryCase):
    def test_a_name_that_the_script_adds_is_known_to_the_engine_at_once(self):
        with self.registry(5111) as registry:
            host = f"{HOST}:{registry.port}"
            self.start_with(host=host, http=True)
            # The second job's engine has only the resolver that remembers /etc/hosts, as static programs have.
            for variables in ({}, {"GODEBUG": "netdns=go"}):
                with self.subTest(variables):
                    job = self.run_job([
                        f'echo "{registry.address} {HOST}" >> /etc/hosts',
                        f"echo secret | docker login -u ci --password-stdin {host}",
                        "sed 's/registry/second/' /etc/hosts > /tmp/hosts",
                        "cat /tmp/hosts > /etc/hosts",
                        f"docker pull second.{host.partition('.')[2]}/none/such:1 || true"],
                        variables=variables)
                    self.assert_success(job)
                    self.assertIn("\nLogin Succeeded", job.text)
                    self.assertNotIn("no such host", job.text)


class OwnBuilder(RegistryCase):
    def test_a_builder_that_the_script_makes_knows_the_registries(self):
        with self.registry(5112) as registry:
            host = f"{HOST}:{registry.port}"
            self.start_with(host=host, address=registry.address, http=True)
            kit = f"--driver-opt image={image('buildkit')}"
            job = self.run_job([
                BUILD, f"docker buildx create --name mine {kit} --use",
                f"docker buildx build -t {host}/made/it:1 --push .",
                # The name of the prepared builder, which is current again.
                "docker buildx use runner", f"docker buildx create --name runner {kit}",
                f"docker buildx build -t {host}/made/it:2 --push .",
                f"docker buildx create --name runner {kit} 2>&1 || echo taken",
                "docker ps --format 'container {{.Names}}'"], timeout=180)
            self.assert_success(job)
            self.assertRegex(job.text, "existing instance for .?runner.*\ntaken\n")
            self.assertIn("\ncontainer buildx_buildkit_runner0\n", job.text)


class Proxies(RegistryCase):
    # Nobody listens there: what asks this proxy for a private registry fails.
    runner_options = {"environment": ["HTTP_PROXY=http://user:secret@127.0.0.1:9",
                                      "https_proxy=http://127.0.0.1:9", "NO_PROXY=mine.example"]}

    def test_the_builder_has_the_jobs_proxies_and_reaches_private_registries_without(self):
        with self.registry(5113) as registry:
            host = f"{HOST}:{registry.port}"
            self.start_with(host=host, address=registry.address, http=True)
            job = self.run_job([
                BUILD, f"echo secret | docker login -u ci --password-stdin {host}",
                # Options of this line replace those of the builder.
                "docker buildx create --append --use",
                f"docker buildx build -t {host}/made/it:1 --push .",
                "docker exec buildx_buildkit_runner0 env | grep -i _proxy= | sort"], timeout=180)
            self.assert_success(job)
            for line in ("HTTP_PROXY=http://user:secret@127.0.0.1:9",
                         "https_proxy=http://127.0.0.1:9",
                         f"NO_PROXY=mine.example,docker,{HOST},{registry.address}"):
                self.assertIn(f"\n{line}\n", job.text)


if __name__ == "__main__":
    unittest.main()
