"""Docker-in-Docker: the image's own engine, a sidecar engine, services, the builder, a push."""

import re
import unittest

from tests.system.docker_harness import DockerCase, Registry, image
from tests.system.harness import ROOT


class EngineImage(DockerCase):
    image_name = "dind"
    images = ("buildkit", "busybox")
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit")}}

    def test_the_engine_answers_in_the_first_line(self):
        self.start_docker()
        job = self.run_job(["docker version --format 'server {{.Server.Version}}'",
                            "echo host=[$DOCKER_HOST]", "docker info --format '{{.Driver}}'",
                            "ls -l /var/run/docker.sock"],
                           after_script=["docker version --format 'again {{.Server.Version}}'"])
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertRegex(job.text, r"\nagain \d+\.")
        self.assertRegex(job.text, r"\n(overlay2|overlayfs)\n")

    def test_containerd_listens_before_dockerd_starts_and_is_started_again(self):
        name = image("busybox")
        self.start_docker({"dind": {"builder": False, "preload_images": [name]}})
        run = f"docker run --rm --network none {name} echo ran"
        job = self.run_job(["tr '\\0' ' ' < /proc/$(pgrep -n -x dockerd)/cmdline",
                            "before=$(pgrep -x containerd)", run, "kill -9 $before",
                            f"until {run}; do sleep 0.1; done",
                            'now=$(pgrep -x containerd) && [ "$now" != "$before" ]'])
        self.assert_success(job)
        self.assertIn(" --containerd=/var/run/docker/containerd/containerd.sock", job.text)

    def test_unix_socket_only(self):
        self.start_docker()
        job = self.run_job("cat /proc/net/tcp /proc/net/tcp6 | grep -ciE ':0?(0947|0948) ' || true")
        self.assertIn("\n0\n", job.text)

    def test_mtu_of_the_network(self):
        self.start_docker()
        job = self.run_job(["echo outer $(cat /sys/class/net/eth0/mtu)",
                            "echo inner $(docker network inspect bridge -f "
                            "'{{index .Options \"com.docker.network.driver.mtu\"}}')"])
        outer = int(re.search(r"\nouter (\d+)\n", job.text)[1])
        inner = int(re.search(r"\ninner (\d+)\n", job.text)[1])
        self.assertLessEqual(inner, outer)

    def test_the_builder_is_current_and_on_the_host_network(self):
        self.start_docker()
        job = self.run_job(["docker buildx ls", "docker buildx inspect"])
        self.assert_success(job)
        inspected = job.text.split("$ docker buildx inspect")[1]
        self.assertRegex(inspected, r"Name:\s+runner\n")
        self.assertRegex(inspected, r"Driver:\s+docker-container\n")
        self.assertRegex(inspected, r'Driver Options:.*network="?host')
        self.assertRegex(job.text, r"runner\*")

    def test_the_builder_boots_at_first_use_and_sees_added_hosts(self):
        self.start_docker()
        job = self.run_job([
            "docker ps -q | wc -l", 'echo "10.1.2.3 added.example" >> /etc/hosts',
            "docker buildx inspect --bootstrap >/dev/null",
            "docker exec $(docker ps -q | head -1) cat /etc/hosts"])
        self.assert_success(job)
        self.assertIn("\n0\n", job.text.split("$ docker ps -q | wc -l")[1][:5])
        self.assertIn("10.1.2.3 added.example", job.text.split("docker exec")[-1])

    def test_buildx_create_append_without_a_name_works(self):
        self.start_docker()
        job = self.run_job([
            "mkdir -p /etc/buildkit && touch /etc/buildkit/buildkitd.toml",
            "docker buildx create --config /etc/buildkit/buildkitd.toml --append "
            "--driver-opt network=host --use",
            "docker buildx inspect --bootstrap"])
        self.assert_success(job)
        self.assertEqual(len(re.findall(r"(?m)^Status:\s+running", job.text)), 1, job.text)

    def test_images_of_this_engine_are_there_before_the_first_line(self):
        name = image("busybox")
        self.start_docker({"dind": {"builder_image": image("buildkit"), "preload_images": [name]}})
        job = self.run_job([f"docker run --rm --network none {name} echo from inside"])
        self.assert_success(job)
        self.assertIn("\nfrom inside\n", job.text)

    def test_an_image_that_cannot_be_preloaded_is_named(self):
        self.start_docker({"dind": {"builder": False, "preload_images": ["registry.invalid/no:1"]}})
        job = self.run_job("echo went on")
        self.assert_success(job)
        self.assertRegex(job.text, "registry.invalid/no:1 of preload_images cannot be had: .+")
        self.assertIn("\nwent on\n", job.text)

    def test_log_names_the_platforms(self):
        self.start_docker()
        self.assertRegex(self.run_job("true").text, "linux/amd64.*linux/arm64")

    def test_cancel_and_kill_do_not_hang(self):
        daemon = self.start_docker()
        job = self.add_job(["docker info >/dev/null && echo started", "sleep 4",
                            "docker info >/dev/null && echo still-there"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        self.start_again()
        self.assert_success(self.finish(job))
        self.assertIn("\nstill-there\n", job.text)

    def test_an_engine_that_does_not_come_up_shows_its_log(self):
        self.start_docker({"dind": {"mode": "on", "daemon_config": self.broken_config()}})
        job = self.run_job("echo never", patience=120)
        self.assertEqual(job.status, "failed")
        self.assertNotIn("\nnever", job.text)
        self.assertRegex(job.text, "(?i)no-such-option|unable to configure the Docker daemon")

    def broken_config(self):
        path = self.directory / "daemon.json"
        path.write_text('{"no-such-option": true}')
        return str(path)

    def test_log_says_that_the_runner_is_not_privileged(self):
        self.start_docker(privileged=False, runner={"dind": {"mode": "on"}})
        job = self.run_job("docker info", patience=120)
        self.assertEqual(job.status, "failed")
        self.assertRegex(job.text, "(?i)privileged")


class Sidecar(DockerCase):
    image_name = "debian"
    images = ("dind",)
    privileged = True
    runner_options = {"dind": {"mode": "on", "image": image("dind")}}

    def test_socket_of_the_sidecar_engine_is_in_the_job(self):
        self.start_docker()
        job = self.run_job("perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(\"/var/run/"
                           "docker.sock\") or die \"no socket: $!\"; print $s \"GET /_ping "
                           "HTTP/1.0\\r\\n\\r\\n\"; print <$s>'")
        self.assert_success(job)
        self.assertIn("200 OK", job.text)


class SidecarOfAnImageWithAUser(Sidecar):
    """The image's user is not root and can use the socket."""

    image_name = "nonroot"


class DindService(DockerCase):
    image_name = "dind"
    privileged = True
    runner_options = {"dind": {"mode": "off"}}

    def test_plain_tcp(self):
        self.start_docker(volumes=["/certs/client", "/cache"])
        job = self.run_job(["for i in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 1; "
                            "done", "docker version --format 'server {{.Server.Version}}'"],
                           image={"name": image("dind"), "entrypoint": [""]},
                           services=[{"name": image("dind"), "alias": "docker"}],
                           variables={"DOCKER_HOST": "tcp://docker:2375",
                                      "DOCKER_TLS_CERTDIR": ""}, timeout=180)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")

    def test_tls(self):
        self.start_docker(volumes=["/certs/client", "/cache"])
        job = self.run_job(["for i in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 1; "
                            "done", "docker version --format 'server {{.Server.Version}}'"],
                           image={"name": image("dind"), "entrypoint": [""]},
                           services=[{"name": image("dind"), "alias": "docker"}],
                           variables={"DOCKER_HOST": "tcp://docker:2376",
                                      "DOCKER_TLS_CERTDIR": "/certs", "DOCKER_TLS_VERIFY": "1",
                                      "DOCKER_CERT_PATH": "/certs/client"}, timeout=180)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")


class Push(DockerCase):
    image_name = "my-builder"
    images = ("buildkit", "builder")
    privileged = True

    def start_with_registry(self, registry):
        address = f"registry.company.net:{registry.port}".removesuffix(":80")
        self.start_docker({"dind": {"builder_image": image("buildkit")},
                           "registry": [{"host": address, "address": registry.address,
                                         "http": True}]})
        return address

    def test_a_registry_entry_reaches_engine_builder_and_client(self):
        with Registry(str(self.directory / "registry"), 5107) as registry:
            address = self.start_with_registry(registry)
            job = self.run_job([
                "printf 'FROM scratch\\nCOPY file /file\\n' > Dockerfile && echo x > file",
                f"docker buildx build --platform linux/amd64,linux/arm64 -t {address}/made/it:1 "
                "--push ."], timeout=180)
            self.assert_success(job)
            self.assertEqual(registry.platforms("made/it", "1"), {"linux/amd64", "linux/arm64"})

    def test_the_multiarch_example_builds_and_pushes(self):
        """Plays the manual job of examples/multiarch."""
        with Registry(str(self.directory / "registry"), 80) as registry:
            registry.push_base()
            project = self.gitlab.add_project("devops/project", str(ROOT / "examples/multiarch"))
            project.variables = [{"key": "REGISTRY_IP", "value": registry.address, "public": True,
                                  "masked": False}]
            self.registered.tags = ["docker-test"]
            self.start_with_registry(registry)
            pipeline = self.gitlab.create_pipeline(project)
            job = next(j for j in pipeline.jobs if j.name == "cni")
            self.assertEqual(job.status, "manual")
            self.assertTrue(self.gitlab.play(job))
            self.assert_success(self.finish(job, 240))
            platforms = registry.platforms("devops/cni", "main")
            self.assertEqual(platforms, {"linux/amd64", "linux/arm64"})


if __name__ == "__main__":
    unittest.main()
