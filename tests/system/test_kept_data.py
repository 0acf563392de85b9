"""What stays in an inner engine from one job to the next, and what does not."""

import unittest

from tests.system.docker_harness import DockerCase, Registry, bridge_address, docker, image

BUILD = ["mkdir -p /b && cd /b",
         f"printf 'FROM {image('busybox')}\\nRUN [\"busybox\",\"sh\",\"-c\",\"echo built > /f\"]\\n' > Dockerfile",
         "docker build -t built . 2>&1 | grep -A1 '2/2'"]
LEAVE = [f"docker run -d --restart always -v left:/v {image('busybox')} busybox sleep 1000",
         "docker network create left"]
LOOK = ["echo containers=$(docker ps -aq | wc -l) volumes=$(docker volume ls -q | wc -l) "
        "networks=$(docker network ls -q | wc -l)"]


class KeptData(DockerCase):
    image_name = "dind"
    images = ("busybox",)
    privileged = True
    runner_options = {"dind": {"builder": False, "persist": "project",
                               "preload_images": [image("busybox")]}}

    def test_layers_stay_and_containers_do_not(self):
        self.start_docker()
        first = self.run_job([*BUILD, *LEAVE], timeout=120)
        self.assert_success(first)
        self.assertIn("\nInner engine: cold, because this is the first job of its slot\n", first.text)
        self.assertNotIn("CACHED", first.text)
        second = self.run_job([*LOOK, *BUILD, "echo garbage > /var/lib/docker/buildkit/cache.db"],
                              timeout=120)
        self.assert_success(second)
        self.assertIn("\nInner engine: warm, ", second.text)
        self.assertIn("\ncontainers=0 volumes=0 networks=3\n", second.text)
        self.assertIn("CACHED", second.text)
        third = self.run_job("docker version >/dev/null && echo usable", timeout=120)
        self.assert_success(third)
        self.assertIn("\nInner engine: cold, because the database cache.db in the kept data is "
                      "damaged\n", third.text)
        self.assertIn("\nusable\n", third.text)

    def test_a_job_can_do_without(self):
        self.start_docker()
        self.assert_success(self.run_job(BUILD, timeout=120))
        without = self.run_job(["echo images=$(docker images -q built | wc -l)", *BUILD], timeout=120,
                               variables={"RUNNER_DIND_PERSIST": "none"})
        self.assert_success(without)
        self.assertIn("\nInner engine: cold, because the job's RUNNER_DIND_PERSIST is \"none\"\n", without.text)
        self.assertIn("\nimages=0\n", without.text)
        self.assertNotIn("CACHED", without.text)
        later = self.run_job(BUILD, timeout=120)
        self.assert_success(later)
        self.assertIn("CACHED", later.text, "the kept data is as it was")


class NothingKept(DockerCase):
    image_name = "dind"
    images = ("busybox",)
    privileged = True
    runner_options = {"dind": {"builder": False, "persist": "none", "preload_images": [image("busybox")]}}

    def test_each_job_has_an_empty_engine(self):
        self.start_docker()
        for _ in range(2):
            job = self.run_job(["echo images=$(docker images -q built | wc -l)", *BUILD], timeout=120)
            self.assert_success(job)
            self.assertIn("\nimages=0\n", job.text)
            self.assertNotIn("CACHED", job.text)
        self.assertEqual([v["Name"] for v in self.volumes() if "-data" in v["Name"]], [])



class MovingTag(DockerCase):
    """An image of a registry whose tag is given to another image while a slot keeps the first one."""

    image_name = "dind"
    images = ("busybox",)
    privileged = True
    port = 5114
    daemon_config: str = "{}"
    # With containerd's store, an image without a name has no repository either.
    kept_without_tag = "team/app:<none>"

    def start_with(self, registry, policies):
        config = self.directory / "daemon.json"
        config.write_text(self.daemon_config, encoding="utf-8")
        self.host = f"{bridge_address()}:{registry.port}"
        self.app = f"{self.host}/team/app:latest"
        self.start_docker({"dind": {"builder": False, "daemon_config": str(config)},
                           "registry": [{"host": self.host, "http": True}]},
                          pull_policy=policies, allowed_pull_policies=["always", "if-not-present"])

    def push(self, version):
        """The host's engine takes plain HTTP from its own machine only."""
        name = f"127.0.0.1:{self.port}/team/app:latest"
        self.addCleanup(docker, "rmi", name, check=False)
        docker("build", "-q", "-t", name, "-",
               input=f"FROM {image('busybox')}\nENV VERSION={version}\n".encode())
        docker("push", "-q", name)

    def use(self, *first):
        """A job that runs the image and builds on it, and has an image of its own."""
        job = self.run_job([
            *first, "docker images --format 'image {{.Repository}}:{{.Tag}}'",
            f"docker run --rm {self.app} busybox sh -c 'echo run=$VERSION'",
            "mkdir -p /b && cd /b",
            f"printf 'FROM {self.app}\\nRUN [\"busybox\",\"sh\",\"-c\",\"echo built=$VERSION > /f\"]\\n' > Dockerfile",
            "docker build -t mine . 2>&1", "docker run --rm mine busybox cat /f"],
            image={"name": image("dind"), "pull_policy": ["if-not-present"]}, timeout=300, patience=120)
        self.assert_success(job)
        return job.text

    def registry(self):
        return Registry(str(self.directory / "registry"), self.port, "0.0.0.0")

    def test_the_tag_is_asked_for_in_each_job_and_the_image_pulled_once(self):
        layers, tag = "/v2/team/app/blobs/", "/v2/team/app/manifests/latest"
        with self.registry() as registry:
            self.start_with(registry, ["always"])
            self.push(1)
            before = registry.requests(layers)
            self.assertIn("\nrun=1\n", self.use())
            pulled, asked = registry.requests(layers), registry.requests(tag)
            self.assertGreater(pulled, before)
            text = self.use("docker image inspect -f 'own {{.RepoTags}}' mine")
            self.assertIn("\nInner engine: warm, with the images and build caches that its slot has kept\n", text)
            self.assertIn("\nown [mine:latest]\n", text)
            self.assertNotIn(f"\nimage {self.app}\n", text)
            self.assertIn(self.kept_without_tag, text)
            self.assertIn("\nrun=1\n", text)
            self.assertIn("CACHED", text)
            self.assertEqual(registry.requests(layers), pulled, "the layers are there")
            self.assertGreater(registry.requests(tag), asked)
            self.push(2)
            text = self.use()
            self.assertIn("\nrun=2\n", text)
            self.assertIn("\nbuilt=2\n", text)

    def test_another_policy_takes_what_is_there(self):
        with self.registry() as registry:
            self.start_with(registry, ["if-not-present"])
            self.push(1)
            self.assertIn("\nrun=1\n", self.use())
            self.push(2)
            text = self.use()
            self.assertIn("\nrun=1\n", text)
            self.assertIn(f"\nimage {self.app}\n", text)


class MovingTagInContainerd(MovingTag):
    port = 5115
    daemon_config = '{"features": {"containerd-snapshotter": true}}'
    kept_without_tag = "<none>:<none>"


class Builder(DockerCase):
    """The prepared builder, whose state stays."""

    image_name = "dind"
    images = ("buildkit", "busybox", "busybox-arm64")
    privileged = True

    def start_with(self, registry):
        registry.push_base()
        host = f"{registry.address}:{registry.port}"
        self.start_docker({"dind": {"builder_image": image("buildkit")}, "registry": [{"host": host, "http": True}]})
        return f"{host}/base/busybox"

    def registry(self, port):
        return Registry(str(self.directory / "registry"), port)

    def run_build(self, *script):
        job = self.run_job(["mkdir -p /b && cd /b", *script], timeout=300, patience=180)
        self.assert_success(job)
        return job.text

    def test_a_build_for_two_platforms_is_cached_in_the_next_job(self):
        with self.registry(5116) as registry:
            base = self.start_with(registry)
            build = [f"printf 'FROM {base}\\nCOPY file /file\\n' > Dockerfile && echo x > file",
                     "docker buildx build --progress plain --platform linux/amd64,linux/arm64 . 2>&1"]
            self.assertNotIn("CACHED", self.run_build(*build))
            text = self.run_build(*build)
            for platform in ("amd64", "arm64"):
                self.assertRegex(text, rf"\n#(\d+) \[linux/{platform} 2/2\] COPY file /file\n#\1 CACHED\n")

    def test_loads_its_image_into_the_engine_and_may_use_its_network(self):
        step = "RUN --network=host [\"busybox\",\"sh\",\"-c\",\"busybox grep -o docker0 /proc/net/dev > /seen\"]"
        with self.registry(5117) as registry:
            base = self.start_with(registry)
            text = self.run_build(
                f"printf '%s\\n' 'FROM {base}' '{step}' > Dockerfile",
                "docker buildx build --allow network.host --load -t loaded . 2>&1",
                "echo seen=$(docker run --rm loaded busybox cat /seen)")
            self.assertIn("\nseen=docker0\n", text)

    def test_collects_its_cache_by_the_limits_of_the_configuration(self):
        self.start_docker({"dind": {"builder_image": image("buildkit"), "cache_size": "6GB"}})
        text = self.run_build("docker buildx inspect --bootstrap",
                              "docker exec buildx_buildkit_runner0 buildctl debug workers -v")
        self.assertRegex(text, r"Maximum used space:\s+6\.442450944GB")
        self.assertRegex(text, r"Reserved space:\s+3\.221225472GB")
        self.assertRegex(text, r"Minimum free space:\s+\d+GB")


if __name__ == "__main__":
    unittest.main()
