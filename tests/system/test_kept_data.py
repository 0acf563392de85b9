"""What stays in an inner engine from one job to the next, and what does not."""

from tests.system.docker_harness import DockerCase, image

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
