"""Faults, TLS, relative roots, git, pipelines, the control API, the program."""

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

from tests.support.gitlab import GitLab, bad_stamps, parse_log, plain_text, sections
from tests.support.gitlab.tests.client import Client
from tests.support.gitlab.tests.test_runners import ServerCase

ROOT = Path(__file__).resolve().parents[4]

PIPELINE = """
image: debian:12
variables: {GLOBAL: g, FLAG: true}
stages: [one, two]
cni:
  when: manual
  stage: one
  tags: [docker-test]
  script: [echo one]
build:
  stage: one
  script: [echo build]
  artifacts: {paths: [out/]}
test:
  stage: two
  variables: {LOCAL: l}
  before_script: [echo before]
  script:
    - echo test
"""


class Faults(ServerCase):
    def ask(self):
        return self.client.request_job(self.runner.token)

    def setUp(self):
        super().setUp()
        self.runner = self.gitlab.add_runner()

    def test_status_then_normal(self):
        self.gitlab.fault("request", status=429, headers={"Retry-After": "1"}, times=2)
        self.assertEqual((self.ask().status, self.ask().status, self.ask().status),
                         (429, 429, 204))

    def test_reset_drop_and_garbage(self):
        for action in ("reset", "drop", "garbage"):
            self.gitlab.fault("request", action)
            with self.assertRaises(Exception, msg=action):
                self.ask()
            self.assertEqual(self.ask().status, 204)

    def test_reset_is_a_reset(self):
        self.gitlab.fault("request", "reset")
        with self.assertRaises(ConnectionResetError):
            self.ask()

    def test_truncate(self):
        self.gitlab.add_job("true")
        self.gitlab.fault("request", "truncate", size=20)
        with self.assertRaises(Exception):
            self.ask()

    def test_stall_and_slow(self):
        self.gitlab.fault("request", "slow", seconds=0.2, size=1000)
        begun = time.monotonic()
        self.assertEqual(self.ask().status, 204)
        self.assertGreater(time.monotonic() - begun, 0.19)
        self.gitlab.fault("request", "stall", seconds=0.1)
        with self.assertRaises(Exception):
            self.ask()

    def test_answer_overlay(self):
        self.gitlab.add_job("true")
        self.gitlab.fault("request", "answer", headers={"Content-Type": "text/html"})
        answer = self.ask()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (201, "text/html"))

    def test_control(self):
        body = {"route": "request", "status": 503, "times": -1}
        self.assertEqual(self.client.call("POST", "/_control/fault", body).status, 200)
        self.assertEqual(self.ask().status, 503)
        self.client.call("DELETE", "/_control/fault")
        self.assertEqual(self.ask().status, 204)
        self.assertEqual(self.client.call("POST", "/_control/fault", {"route": "x"}).status, 400)
        seen = self.client.call("GET", "/_control/exchanges?route=request").json()
        self.assertEqual([e["status"] for e in seen], [503, 204])
        job = self.client.call("POST", "/_control/job", {"script": ["true"]}).json()
        self.assertEqual(self.ask().json()["id"], job["id"])

    def test_outage(self):
        self.gitlab.stop_listening()
        with self.assertRaises(OSError):
            self.ask()
        self.gitlab.listen_again()
        self.assertEqual(self.ask().status, 204)


class RelativeRoot(ServerCase):
    options = {"root": "/gitlab"}

    def test_only_under_the_root(self):
        runner = self.gitlab.add_runner()
        self.assertTrue(self.gitlab.url.endswith("/gitlab"))
        self.assertEqual(self.client.request_job(runner.token).status, 204)
        self.client.url = self.client.url._replace(path="")
        self.assertEqual(self.client.request_job(runner.token).status, 404)


class Tls(unittest.TestCase):
    def test_client_certificate_is_demanded(self):
        with GitLab(tls=True, client_cert=True) as gitlab:
            runner = gitlab.add_runner()
            context = ssl.create_default_context(cafile=gitlab.ca_file)
            with self.assertRaises(OSError):
                Client(gitlab, context).request_job(runner.token)
            made = gitlab.certificates
            context.load_cert_chain(made.client_cert, made.client_key)
            client = Client(gitlab, context)
            self.assertEqual(client.request_job(runner.token).status, 204)
            with self.assertRaises(ssl.SSLCertVerificationError):
                Client(gitlab, ssl.create_default_context()).request_job(runner.token)
            client.close()


class Projects(ServerCase):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.TemporaryDirectory()
        Path(self.directory.name, ".gitlab-ci.yml").write_text(PIPELINE)
        Path(self.directory.name, "file.txt").write_text("content\n")
        self.project = self.gitlab.add_project("group/demo", self.directory.name)
        self.runner = self.gitlab.add_runner(tags=["docker-test"])
        self.headers = {"PRIVATE-TOKEN": self.gitlab.private_token}

    def tearDown(self):
        self.directory.cleanup()
        super().tearDown()

    def clone(self, url):
        with tempfile.TemporaryDirectory() as target:
            done = subprocess.run(["git", "-c", "credential.helper=", "clone", "-q", url, target],
                                  capture_output=True, text=True,
                                  env={**os.environ, "GIT_TERMINAL_PROMPT": "0"})
            return done.returncode == 0 and Path(target, "file.txt").read_text() == "content\n"

    def test_git_wants_a_running_job_of_the_project(self):
        job = self.gitlab.add_job("true", project=self.project)
        payload = self.client.request_job(self.runner.token).json()
        url = payload["git_info"]["repo_url"]
        self.assertTrue(self.clone(url))
        plain = urllib.parse.urlsplit(url)
        self.assertFalse(self.clone(plain._replace(netloc=plain.netloc.split("@")[1]).geturl()))
        self.assertFalse(self.clone(url.replace(payload["token"], "glcbt-wrong")))
        self.client.put(payload, "success")
        self.assertFalse(self.clone(url))
        self.assertEqual(job.status, "success")

    def test_fetch_of_the_exact_sha(self):
        self.gitlab.add_job("true", project=self.project)
        git = self.client.request_job(self.runner.token).json()["git_info"]
        with tempfile.TemporaryDirectory() as target:
            subprocess.run(["git", "init", "-q", target], check=True)
            subprocess.run(["git", "-C", target, "fetch", "-q", "--depth", "20", git["repo_url"],
                            *git["refspecs"]], check=True)
            subprocess.run(["git", "-C", target, "checkout", "-q", git["sha"]], check=True)
            self.assertTrue(Path(target, "file.txt").exists())

    def api(self, method, path, body=None):
        return self.client.call(method, f"/api/v4/projects/{path}", body, self.headers)

    def test_pipeline_with_a_manual_job(self):
        key = urllib.parse.quote("group/demo", safe="")
        made = self.api("POST", f"{key}/pipeline", {"ref": "main"}).json()
        jobs = self.api("GET", f"42/pipelines/{made['id']}/jobs").json()
        self.assertEqual({j["name"]: j["status"] for j in jobs},
                         {"cni": "manual", "build": "pending", "test": "created"})
        cni = next(j for j in jobs if j["name"] == "cni")
        build = self.client.request_job(self.runner.token).json()
        self.assertEqual(build["job_info"]["name"], "build")
        self.assertEqual(build["image"]["name"], "debian:12")
        self.client.put(build, "success")
        test = self.client.request_job(self.runner.token).json()
        found = {v["key"]: v["value"] for v in test["variables"]}
        self.assertEqual((found["GLOBAL"], found["LOCAL"], found["FLAG"]), ("g", "l", "true"))
        self.assertEqual(self.client.request_job(self.runner.token).status, 204)
        played = self.api("POST", f"42/jobs/{cni['id']}/play", {
            "job_variables_attributes": [{"key": "EXTRA", "value": "1"}]})
        self.assertEqual((played.status, played.json()["status"]), (200, "pending"))
        self.assertEqual(self.api("POST", f"42/jobs/{cni['id']}/play").status, 400)
        taken = self.client.request_job(self.runner.token).json()
        self.assertEqual(taken["id"], cni["id"])
        self.assertIn("EXTRA", [v["key"] for v in taken["variables"]])
        self.client.patch(taken, 0, b"log text")
        self.assertEqual(self.api("GET", f"42/jobs/{cni['id']}/trace").body, b"log text")
        self.assertEqual(self.api("POST", f"42/jobs/{cni['id']}/cancel").json()["status"],
                         "canceling")
        self.assertEqual(self.api("POST", f"42/jobs/{cni['id']}/cancel?force=true").json()
                         ["status"], "canceled")

    def test_a_failure_skips_what_follows(self):
        pipeline = self.gitlab.create_pipeline(self.project)
        build = self.client.request_job(self.runner.token).json()
        self.client.put(build, "failed", failure_reason="script_failure", exit_code=1)
        self.assertEqual([(j.name, j.status) for j in pipeline.jobs],
                         [("cni", "manual"), ("build", "failed"), ("test", "skipped")])
        self.assertEqual(pipeline.status(), "failed")

    def test_api_refusals(self):
        self.assertEqual(self.client.call("GET", "/api/v4/projects/42").status, 401)
        self.assertEqual(self.api("GET", "99").status, 404)
        self.assertEqual(self.api("GET", "42/jobs/1").status, 404)
        self.assertEqual(self.api("POST", "42/pipeline", {"ref": "none"}).status, 400)


class Log(unittest.TestCase):
    STAMP = "2026-01-31T16:47:55.123456Z "

    def test_timestamps_and_sections(self):
        raw = "".join(self.STAMP + line + "\n" for line in (
            "00O section_start:10:prepare\r\x1b[0K", "00O+\x1b[36;1mHead\x1b[0;m", "01O one ",
            "01E err", "01O+two", "00O section_end:12:prepare\r\x1b[0K", "00O+end")).encode()
        self.assertEqual([(l.stream, l.kind, l.text) for l in parse_log(raw)][1:3],
                         [(1, "O", "one two"), (1, "E", "err")])
        self.assertEqual(plain_text(raw), "Head\none two\nerr\nend\n")
        found = sections(raw)
        self.assertEqual([(s.name, s.start, s.end) for s in found], [("prepare", 10, 12)])
        self.assertEqual(bad_stamps(raw), [])
        self.assertEqual(bad_stamps(raw + b"plain\n"), [b"plain"])

    def test_recorded_logs_can_be_read(self):
        text = b"section_start:1:a\r\x1b[0K\x1b[0KHello\x1b[0;m\nsection_end:2:a\r\x1b[0Kdone\n"
        self.assertEqual(plain_text(text), "Hello\ndone\n")
        self.assertEqual(sections(text)[0].text, "Hello\n")


class Program(unittest.TestCase):
    def test_ready_line_and_stop(self):
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, ".gitlab-ci.yml").write_text(PIPELINE)
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.gitlab", "--project", f"demo={directory}",
                 "--runner-tag", "docker-test"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            ready = json.loads(process.stdout.readline())
            self.assertEqual(ready["projects"][0]["path"], "demo")
            self.assertIn("cni", ready["projects"][0]["jobs"])
            self.assertTrue(ready["runner_token"].startswith("glrt-"))
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), 0)
            process.stdout.close()


if __name__ == "__main__":
    unittest.main()
