"""Docker-in-Docker as pipelines write it: engines as services, variables of the docker client, images with an engine."""

import time
import unittest

from tests.system.docker_harness import PREFIX, DockerCase, docker, image
from tests.system.harness import PATIENCE

VERSION = "docker version --format 'server {{.Server.Version}}'"
CERTIFICATES = ["/certs/client", "/cache"]


class ClientImage(DockerCase):
    """An image like docker:cli, whose ENTRYPOINT looks for what the service has made."""

    image_name = "dind"
    privileged = True

    def run_with_service(self, script, **spec):
        return self.run_job(
            script, timeout=120, patience=120,
            image={"name": image("dind"), "entrypoint": ["docker-entrypoint.sh"]},
            services=[{"name": image("dind"), "alias": "docker"}], **spec)

    def test_the_first_job_finds_the_certificates_of_the_service(self):
        self.start_docker(volumes=CERTIFICATES)
        job = self.run_with_service(["echo host=$DOCKER_HOST", VERSION],
                                    variables={"DOCKER_TLS_CERTDIR": "/certs"})
        self.assert_success(job)
        self.assertIn("\nhost=tcp://docker:2376\n", job.text)
        self.assertRegex(job.text, r"\nserver \d+\.")

    def test_the_first_job_uses_tls_with_an_address_of_its_own(self):
        self.start_docker(volumes=CERTIFICATES)
        job = self.run_with_service(VERSION, variables={"DOCKER_HOST": "tcp://docker:2376",
                                                        "DOCKER_TLS_CERTDIR": "/certs"})
        self.assert_success(job)
        self.assertNotIn("probably didn't start properly", job.text)


PLAIN = {"DOCKER_HOST": "tcp://docker:2375", "DOCKER_TLS_CERTDIR": ""}
TLS = {"DOCKER_HOST": "tcp://docker:2376", "DOCKER_TLS_CERTDIR": "/certs"}
PUBLISH = [f"docker run -d -p 8080:80 {image('busybox')} httpd -f -p 80",
           "until (exec 3<>/dev/tcp/docker/8080) 2>/dev/null; do docker ps -q | grep -q .; done",
           "echo published"]


class EngineOfTheImage(DockerCase):
    """The job's image runs an engine; the job's variables say how its client finds it."""

    image_name = "dind"
    images = ("buildkit", "busybox")
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit"),
                               "preload_images": [image("busybox")]}}

    def test_plain_port_and_published_port_under_the_name_docker(self):
        self.start_docker()
        job = self.run_job([VERSION, *PUBLISH, "docker buildx inspect | grep ^Name:",
                            "grep -ci ' 0100007F:0947 ' /proc/net/tcp"],
                           variables=PLAIN, timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertIn("\npublished\n", job.text)
        self.assertRegex(job.text, r"\nName: +runner\n")
        self.assertNotIn("WARNING", job.text)

    def test_tls_port(self):
        self.start_docker({"dind": {"builder_image": image("buildkit")}}, volumes=CERTIFICATES)
        job = self.run_job([VERSION, "docker buildx inspect | grep ^Name:"], variables=TLS,
                           timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertRegex(job.text, r"\nName: +runner\n")

    def test_a_contradiction_names_both_variables(self):
        self.start_docker({"dind": {"builder": False}})
        job = self.run_job(VERSION, variables={**PLAIN, "DOCKER_TLS_CERTDIR": "/certs"},
                           timeout=120, patience=120)
        self.assertEqual(job.status, "failed")
        self.assertRegex(job.text, 'WARNING: DOCKER_HOST is "tcp://docker:2375", but '
                                   'DOCKER_TLS_CERTDIR is "/certs": .+')

    def test_the_entrypoint_of_the_image_may_be_written_in_the_job(self):
        self.start_docker({"dind": {"builder": False}})
        job = self.run_job([VERSION, "docker network inspect bridge"], timeout=120, patience=120,
                           image={"name": image("dind"),
                                  "entrypoint": ["dockerd-entrypoint.sh", "--mtu=1234"]})
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertIn('"com.docker.network.driver.mtu": "1234"', job.text)

    def test_the_service_of_the_job_is_used_with_its_flags(self):
        self.start_docker()
        job = self.run_job([VERSION, "docker network inspect bridge"], variables=TLS,
                           services=[{"name": image("dind"), "command": ["--mtu=1234"]}],
                           timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertIn('"com.docker.network.driver.mtu": "1234"', job.text)
        self.assertIn(f"The Docker engine of this job is its service {image('dind')}", job.text)
        self.assertNotIn("The builder", job.text)

    def test_an_unprivileged_runner_says_so(self):
        self.start_docker(privileged=False)
        job = self.run_job("echo went on")
        self.assert_success(job)
        self.assertIn("is not privileged", job.text)
        self.assertNotIn("ENTRYPOINT", job.text)

    def test_the_builder_is_current_for_every_spelling_of_the_address(self):
        self.start_docker({"dind": {"builder_image": image("buildkit")}})
        job = self.run_job([VERSION, "docker buildx inspect --bootstrap | grep '^Name:'"],
                           variables={"DOCKER_HOST": "unix:///run/docker.sock"},
                           timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nName: +runner\n")
        self.assertIn('The builder "runner" is current (network=host); its container will be there '
                      "at first use", job.text)

    def test_a_client_that_looks_elsewhere_is_told(self):
        self.start_docker()
        job = self.run_job("echo went on", variables={"DOCKER_HOST": "tcp://192.0.2.1:2375"})
        self.assert_success(job)
        self.assertIn('DOCKER_HOST is "tcp://192.0.2.1:2375": the scripts use that engine', job.text)
        self.assertNotIn("The builder", job.text)


class BuilderWithoutACopy(DockerCase):
    """The builder's image comes from a volume, as soon as one job had to be sent it."""

    image_name = "dind"
    images = ("buildkit",)
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit")}}
    # What lies in the data root itself, without what is mounted below it.
    own_megabytes = ("mkdir /tmp/root && mount --bind /var/lib/docker /tmp/root && "
                     "echo own=$(du -sm /tmp/root | cut -f1)")

    def is_complete(self, volume):
        return docker("run", "--rm", "-v", f"{volume}:/volume:ro", "--entrypoint", "ls", image("dind"), "/volume",
                      check=False).find("runner-complete") >= 0

    def fill(self):
        """A job that needs the builder; nothing is to be filled where another test has done it."""
        engine = docker("image", "inspect", "-f", "{{.Id}}", image("dind")).strip()
        volumes = docker("volume", "ls", "-q", "--filter", f"label={PREFIX}type=builder-image", "--filter",
                         f"label={PREFIX}engine_image={engine}").split()
        if any(self.is_complete(volume) for volume in volumes):
            return
        # The kept data of its slot would have the copy that this job is sent.
        self.assert_success(self.run_job("docker buildx inspect --bootstrap >/dev/null", timeout=120, patience=120,
                                         variables={"RUNNER_DIND_PERSIST": "none"}))
        self.daemon.wait_log("The builder's image is on a volume", 120 * PATIENCE)

    def test_a_new_engine_has_the_image_from_a_volume(self):
        self.daemon = self.start_docker()
        self.fill()
        expected = docker("image", "inspect", "-f", "{{.Id}}", image("buildkit")).strip()
        job = self.run_job([
            f"echo id=$(docker image inspect -f '{{{{.Id}}}}' {image('buildkit')})",
            "docker buildx inspect --bootstrap", self.own_megabytes,
            # A builder of the script's own has it, too, and the volume is for reading only.
            f"docker buildx create --name own --driver-opt image={image('buildkit')} --bootstrap",
            "touch /var/lib/docker/overlay2/*/diff/usr 2>/dev/null || echo read-only",
            "docker buildx rm -f own runner", f"docker rmi {image('buildkit')}",
            "echo mounted=$(grep -c '/var/lib/docker/overlay2/[^/]*/diff' /proc/self/mountinfo)"],
            timeout=120, patience=120)
        self.assert_success(job)
        self.assertIn(f"\nid={expected}\n", job.text)
        self.assertRegex(job.text, r"\nStatus: +running\n")
        self.assertLess(int(job.text.split("\nown=")[1].split()[0]), 20)
        self.assertIn("\nread-only\n", job.text)
        self.assertIn("\nmounted=0\n", job.text)


class EngineBesideTheImage(DockerCase):
    """mode = "on", and an image that runs no engine."""

    image_name = "dind"
    images = ("busybox",)
    privileged = True
    runner_options = {"dind": {"mode": "on", "image": image("dind"), "builder": False,
                               "preload_images": [image("busybox")]}}
    job_image = {"name": image("dind"), "entrypoint": [""]}

    def test_plain_port_and_published_port(self):
        self.start_docker()
        job = self.run_job([VERSION, *PUBLISH], variables=PLAIN, image=self.job_image,
                           timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertIn("\npublished\n", job.text)

    def test_tls_port(self):
        self.start_docker()
        job = self.run_job(VERSION, variables={**TLS, "DOCKER_TLS_VERIFY": "1",
                                               "DOCKER_CERT_PATH": "/certs/client"},
                           image=self.job_image, timeout=120, patience=120)
        self.assert_success(job)
        self.assertRegex(job.text, r"\nserver \d+\.")

    def test_user_who_is_not_root(self):
        self.start_docker({"dind": {"mode": "on", "image": image("dind"),
                                    "builder_image": image("buildkit")}})
        job = self.run_job([VERSION, "id -un", "docker buildx inspect | grep ^Name:"],
                           image={**self.job_image, "docker": {"user": "nobody"}},
                           timeout=120, patience=120)
        self.assert_success(job)
        self.assertIn("\nnobody\n", job.text)
        self.assertRegex(job.text, r"\nserver \d+\.")
        self.assertRegex(job.text, r"\nName: +runner\n")


class Leftovers(DockerCase):
    image_name = "busybox"

    def test_a_container_that_filled_the_helpers_volume_is_removed_at_the_start(self):
        """As a daemon leaves it that is killed while it fills the volume."""
        name = f"runner-helper-0-fill-{self.short.lower()}"
        docker("create", "--name", name, "--label", "runner.helper=0", image("busybox"))
        self.addCleanup(docker, "rm", "-f", name, check=False)
        self.start_docker()
        deadline = time.monotonic() + 20 * PATIENCE
        while docker("ps", "-aq", "--filter", f"name={name}"):
            self.assertLess(time.monotonic(), deadline, "the container is still there")


class ClientDirectory(DockerCase):
    """The login and the builder are where the docker client of the scripts looks."""

    image_name = "dind"
    images = ("buildkit",)
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit")}}
    login = '{"auths": {"registry.example.net": {"auth": "dXNlcjpwYXNzd29yZC1vZi1hLXRlc3Q="}}}'

    def check(self, directory, image_options=None, **variables):
        job = self.run_job(
            [f"grep -o registry.example.net {directory}/config.json",
             "docker buildx inspect | grep ^Name:"],
            image={"name": image("dind"), **(image_options or {})},
            variables={"DOCKER_AUTH_CONFIG": self.login, **variables}, timeout=120, patience=120)
        self.assert_success(job)
        self.assertIn("\nregistry.example.net\n", job.text)
        self.assertRegex(job.text, r"\nName: +runner\n")

    def test_variables_of_the_job(self):
        self.start_docker()
        self.check("/tmp/client", DOCKER_CONFIG="/tmp/client")
        self.check("/srv/client", DOCKER_CONFIG="/srv/client")
        self.check("/tmp/home/.docker", HOME="/tmp/home")
        self.check("$CI_PROJECT_DIR/.docker", DOCKER_CONFIG="$CI_PROJECT_DIR/.docker")

    def test_user_who_is_not_root(self):
        self.start_docker()
        self.check("/nonexistent/.docker", {"docker": {"user": "nobody"}})


if __name__ == "__main__":
    unittest.main()
