"""Environments that are ready before their jobs come: what jobs see of it, and what is left."""

import json
import re
import signal
import time
import urllib.request

from tests.system.docker_harness import PREFIX, DockerCase, docker, image
from tests.system.harness import PATIENCE

#: What a job can see of its environment. Addresses, the container's id and the job's own values differ between any
#: two jobs.
LOOK = [
    "id; pwd; umask; hostname",
    "ulimit -a",
    "cat /etc/resolv.conf",
    "grep -v $(hostname) /etc/hosts",
    "ls -lan / /.runner-job | awk '{print $1, $3, $4, $NF}' | grep -v ^total",
    "tr '\\0' ' ' < /proc/1/cmdline; echo",
    "tr '\\0' '\\n' < /proc/1/environ | sort",
    "env | sort",
    "mount | awk '{print $3, $5}' | sort",
    "cat /proc/1/limits; grep -E 'Cap|Seccomp|NoNew|Groups|Uid' /proc/1/status",
]
VARYING = re.compile(r"\b(?:CI_JOB_\w+|CI_BUILD_\w+|CI_PIPELINE_\w+|CI_COMMIT_TIMESTAMP|BASH_\w+)=.*")


class WarmCase(DockerCase):
    def start_warm(self, **settings):
        settings = {"warm": "auto", **settings}
        self.daemon = self.start_docker(globals={"listen_address": "127.0.0.1:0"}, **settings)
        self.port = self.daemon.wait_log(r'"?port"?[=:]\s*"?(\d+)').group(1)

    def warm(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status.json") as answer:
            return json.load(answer)["warm"]

    def wait_ready(self, count=1):
        try:
            self.gitlab.wait(lambda: len(self.warm()["environments"]) == count, 60 * PATIENCE,
                             "an environment that is ready")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.warm()}\nthe daemon's log:\n{self.daemon.log[-3000:]}") from None

    def counts(self):
        return self.warm()["counts"][0]

    def pool(self):
        """The containers that wait."""
        return [c for c in self.containers() if c["Config"]["Labels"].get(PREFIX + "type") == "pool"]

    def lost(self, job, reason):
        self.assert_success(job)
        self.assertRegex(job.text, "\nThis job starts cold: the environment that was ready for it is of no use, "
                                   + reason)

    def seen_by(self, job):
        text = re.sub(r"\x1b\[[0-9;]*[mK]|section_\w+:\d+:\w+\r", "", job.text)
        text = text[text.index("$ id; pwd"):]
        text = VARYING.sub("", text).replace(str(job.id), "ID")
        return [line for line in text.splitlines() if line.strip()]


class Warm(WarmCase):
    images = ("nonroot", "busybox")

    def test_it_is_the_default(self):
        self.start_warm(warm=None)  # no such key
        self.assert_success(self.run_job("true"))
        self.wait_ready()
        self.assert_success(self.run_job("true"))
        self.assertEqual(self.counts()["hits"], 1, self.counts())

    def test_jobs_see_no_difference(self):
        self.start_warm()
        for name in ("debian", "nonroot"):
            cold = self.run_job(LOOK, image=image(name))
            self.assert_success(cold)
            self.wait_ready(1 if name == "debian" else 2)
            hits = self.counts()["hits"]
            warm = self.run_job(LOOK, image=image(name))
            self.assert_success(warm)
            self.assertEqual(self.counts()["hits"], hits + 1, self.counts())
            self.assertEqual(self.seen_by(warm), self.seen_by(cold))

    def test_nothing_is_left_after_the_daemon_was_killed(self):
        self.start_warm()
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        taken = [c["Id"] for c in self.pool()]
        job = self.add_job(["echo begun", "while [ ! -e /go ]; do sleep 0.05; done", "echo went on"])
        self.wait_trace(job, "begun\n")
        self.assertEqual(self.counts()["hits"], 1)
        self.wait_ready()
        self.daemon.send(signal.SIGKILL)
        self.daemon.wait_exit()
        # The program that waits has lost its daemon.
        waiting = [c["Id"] for c in self.containers() if c["Id"] not in taken]
        self.assertEqual(len(waiting), 1)
        docker("wait", waiting[0])
        self.start_again()
        docker("exec", taken[0], "touch", "/go")
        self.assert_success(self.finish(job))
        self.assertIn("went on\n", job.text)
        self.assertNotIn(waiting[0], [c["Id"] for c in self.containers()])
        types = {c["Config"]["Labels"].get(PREFIX + "type") for c in self.containers()}
        self.assertLessEqual(types, {"pool"})

    def test_a_container_that_has_ended_is_not_used(self):
        self.start_warm()
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        ended = self.pool()[0]["Id"]
        docker("kill", ended)
        self.lost(self.run_job("echo cold again"), "its container has ended with exit code 137")
        self.assertEqual(self.counts()["misses"]["dead"], 1)
        self.assertNotIn(ended, [c["Id"] for c in self.containers()])
        self.wait_ready()
        self.assert_success(self.run_job("echo warm"))
        self.assertEqual(self.counts()["hits"], 1)

    def test_an_image_that_is_another_one_by_now(self):
        name = f"127.0.0.1:1/{self.short.lower()}"
        self.addCleanup(docker, "rmi", "-f", name, check=False)
        docker("tag", image("debian"), name)
        self.start_warm(image=name)
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        former = self.pool()[0]["Id"]
        docker("tag", image("nonroot"), name)
        self.lost(self.run_job("echo another image"), f"the image {name} has changed")
        self.assertEqual(self.counts()["misses"]["image"], 1)
        self.gitlab.wait(lambda: former not in [c["Id"] for c in self.containers()], 30,
                         "the end of the former image's environment")

    def test_an_image_that_is_gone_and_comes_back(self):
        name = f"127.0.0.1:1/{self.short.lower()}"
        self.addCleanup(docker, "rmi", "-f", name, check=False)
        docker("tag", image("debian"), name)
        self.start_warm(image=name, pull_policy="never")
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        docker("rmi", name)
        job = self.run_job("echo without an image")
        self.assertEqual(job.status, "failed")
        self.assertIn("127.0.0.1:1", job.text)
        docker("tag", image("debian"), name)
        self.assert_success(self.run_job("echo warm"))
        self.assertEqual(self.counts()["hits"], 1)

    def test_two_daemons_leave_each_others_environments_alone(self):
        self.start_warm()
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        first = self.pool()[0]["Id"]
        other = Warm("test_two_daemons_leave_each_others_environments_alone")
        other.setUp()
        try:
            other.start_warm()
            self.assertEqual([c["Id"] for c in self.pool()], [first], "a start removes only what is its own")
            other.assert_success(other.run_job("echo cold for the other one"))
            self.assertEqual(other.counts()["hits"], 0)
            other.wait_ready()
            other.daemon.stop()
            self.assertEqual(other.pool(), [])
            self.assertEqual([c["Id"] for c in self.pool()], [first])
            other.tearDown()
        finally:
            other.doCleanups()
        self.assert_success(self.run_job("echo warm"))
        self.assertEqual(self.counts()["hits"], 1)


class WarmEngine(WarmCase):
    """Environments with a Docker engine: its programs are stopped while they wait."""

    image_name = "dind"
    images = ("buildkit",)
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit")}}

    def states(self, container):
        """The states of the processes of each name, also in the inner engine's containers."""
        found = {}
        for line in docker("exec", container, "sh", "-c", "cat /proc/[0-9]*/stat", check=False).splitlines():
            name, state = line.split("(", 1)[1].rsplit(")", 1)
            found.setdefault(name, set()).add(state.split()[0])
        return found

    def wait_rest(self):
        self.wait_ready()
        container = self.pool()[0]["Id"]
        # With kept data, a dockerd of the runner waits for the engine and goes on.
        self.gitlab.wait(lambda: "T" in self.states(container).get("dockerd", ()), 30, "an engine that rests")
        return container

    def warm_up(self):
        self.start_warm()
        # The first job is sent the builder's image; the others have it from a volume.
        self.assert_success(self.run_job("docker buildx inspect --bootstrap >/dev/null", timeout=120, patience=120))
        return self.wait_rest()

    def test_the_engine_rests_and_goes_on_for_its_job(self):
        container = self.warm_up()
        states = self.states(container)
        for name in ("containerd", "buildkitd"):
            self.assertEqual(states.get(name), {"T"}, states)
        job = self.run_job(["docker buildx inspect | grep ^Status:", "docker version >/dev/null",
                            "mkdir /b && cd /b && echo a > a && printf 'FROM scratch\\nCOPY a /' > Dockerfile",
                            "docker buildx build . 2>&1 | grep -c DONE"], timeout=120, patience=120)
        self.assert_success(job)
        self.assertEqual(self.counts()["hits"], 1, job.text)
        self.assertRegex(job.text, r"\nStatus: +running\n")
        container = self.wait_rest()
        began = time.monotonic()
        self.daemon.stop()
        self.assertEqual(self.pool(), [])
        self.assertLess(time.monotonic() - began, 8 * PATIENCE, "a stopped engine is removed at once")

    def test_an_engine_that_rests_ends_when_it_is_asked_to(self):
        container = self.warm_up()
        began = time.monotonic()
        docker("stop", "-t", "60", container)
        self.assertLess(time.monotonic() - began, 30 * PATIENCE)
        self.lost(self.run_job("docker version >/dev/null", timeout=120), "its container has ended with exit code")
        self.assertEqual(self.counts()["misses"]["dead"], 1)

    def test_the_container_ends_when_its_daemon_was_killed(self):
        container = self.warm_up()
        self.daemon.send(signal.SIGKILL)
        self.daemon.wait_exit()
        docker("wait", container)
        self.start_again()
        self.gitlab.wait(lambda: container not in [c["Id"] for c in self.containers()], 30,
                         "the removal of what the killed daemon has left")

    def test_a_builder_that_was_booted_ahead_takes_what_the_script_changes(self):
        self.start_warm()
        job = self.run_job("docker buildx inspect --bootstrap >/dev/null", timeout=120, patience=120)
        self.assert_success(job)
        self.wait_rest()
        job = self.run_job(
            ["echo 192.0.2.7 added.example >> /etc/hosts", "export HTTP_PROXY=http://192.0.2.7:1",
             "docker buildx inspect --bootstrap >/dev/null",
             "docker exec buildx_buildkit_runner0 grep added.example /etc/hosts",
             "docker exec buildx_buildkit_runner0 env | grep ^HTTP_PROXY="], timeout=120, patience=120)
        self.assert_success(job)
        self.assertEqual(self.counts()["hits"], 1)
        self.assertIn("\n192.0.2.7 added.example\n", job.text)
        self.assertIn("\nHTTP_PROXY=http://192.0.2.7:1\n", job.text)


class RestartedEngine(WarmCase):
    """An engine of the test's own, in a container, which can be restarted."""

    image_name = "busybox"
    images = ("dind",)

    def setUp(self):
        super().setUp()
        self.engine = f"runner-warm-{self.short.lower()}"
        self.addCleanup(docker, "rm", "-f", "-v", self.engine, check=False)
        docker("run", "-d", "--privileged", "--name", self.engine, "-v", "/var/lib/docker",
               "-v", f"{self.directory}:/outside", image("dind"), "dockerd", "--host=unix:///outside/engine.sock")
        self.wait_engine()
        self.inner("load", input=self.saved(image("busybox")))

    def saved(self, name):
        path = self.directory / "image.tar"
        docker("save", "-o", str(path), name)
        return path.read_bytes()

    def inner(self, *words, check=True, input=None):
        return docker("-H", f"unix://{self.directory}/engine.sock", *words, check=check, input=input)

    def wait_engine(self):
        deadline = time.monotonic() + 60 * PATIENCE
        while not self.inner("version", "-f", "{{.Server.Version}}", check=False).strip():
            self.assertLess(time.monotonic(), deadline, docker("logs", self.engine))
            time.sleep(0.1)

    def test_an_engine_that_was_restarted_under_a_pool(self):
        self.start_warm(host=f"unix://{self.directory}/engine.sock")
        self.assert_success(self.run_job("echo cold", patience=120))
        self.wait_ready()
        waiting = self.inner("ps", "-q", "--no-trunc").split()
        docker("restart", "-t", "20", self.engine)
        self.wait_engine()
        self.lost(self.run_job("echo cold again", patience=120), "its container has ended with exit code")
        self.wait_ready()
        self.assertFalse(set(waiting) & set(self.inner("ps", "-aq", "--no-trunc").split()))
        self.assert_success(self.run_job("echo warm", patience=120))
        self.assertEqual(self.counts()["hits"], 1)
        self.daemon.stop()
        self.assertEqual(self.inner("ps", "-aq").split(), [])
