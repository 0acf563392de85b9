"""Environments that are ready before their jobs come: what jobs see of it, and what is left."""

import json
import re
import signal
import urllib.request

from tests.system.docker_harness import PREFIX, DockerCase, docker, image

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


class Warm(DockerCase):
    images = ("nonroot", "busybox")

    def start_warm(self, **settings):
        self.daemon = self.start_docker(warm="auto", globals={"listen_address": "127.0.0.1:0"}, **settings)
        self.port = self.daemon.wait_log(r'"?port"?[=:]\s*"?(\d+)').group(1)

    def warm(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status.json") as answer:
            return json.load(answer)["warm"]

    def wait_ready(self, count=1):
        self.gitlab.wait(lambda: len(self.warm()["environments"]) == count, 30, "an environment that is ready")

    def counts(self):
        return self.warm()["counts"][0]

    def seen_by(self, job):
        text = re.sub(r"\x1b\[[0-9;]*[mK]|section_\w+:\d+:\w+\r", "", job.text)
        text = text[text.index("$ id; pwd"):]
        text = VARYING.sub("", text).replace(str(job.id), "ID")
        return [line for line in text.splitlines() if line.strip()]

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
        job = self.add_job(["echo begun", "while [ ! -e /go ]; do sleep 0.05; done", "echo went on"])
        self.wait_trace(job, "begun\n")
        self.assertEqual(self.counts()["hits"], 1)
        taken = [c["Id"] for c in self.containers() if c["State"]["Running"]]
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
