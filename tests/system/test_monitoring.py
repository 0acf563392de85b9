"""Metrics, alerts and dashboard, read by Debian's Prometheus."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.system.docker_harness import DockerCase, Registry, docker, image
from tests.system.harness import PATIENCE, ROOT, SystemCase, need
from tests.system.test_status import free_port

ALERTS = ROOT / "packaging/monitoring/alerts.yml"
DASHBOARD = ROOT / "packaging/monitoring/dashboard.json"
UNPACKED = "/opt/runner-dev/prometheus/usr/bin"

# Dashboard expressions that have no data in this test, and why.
MAY_BE_EMPTY = {
    "runner_image_pull_duration_seconds": "all images are on the engine",
    "runner_disk_inodes": "a file system without a fixed number of inodes has no share of free ones",
}


def program(name):
    return shutil.which(name, path=f"{os.environ['PATH']}:{UNPACKED}")


def promtool(*words, input=None):
    done = subprocess.run([program("promtool"), *words], capture_output=True, text=True, check=False,
                          input=input)
    return done.returncode, done.stdout + done.stderr


def dashboard_expressions():
    """Title of the panel and expression, for all panels and annotations."""
    board = json.loads(DASHBOARD.read_text())
    for note in board["annotations"]["list"]:
        yield note["name"], note["expr"]
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def without_variables(expression):
    for name, value in {"$instance": ".*", "$runner": ".*", "$__rate_interval": "30s"}.items():
        expression = expression.replace(name, value)
    return expression


class Prometheus:
    """A server that scrapes one daemon every second. Use as a context manager."""

    def __init__(self, directory, target):
        self.port = free_port()
        self.directory = Path(directory)
        self.directory.mkdir()
        (self.directory / "prometheus.json").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [{"job_name": "runner", "static_configs": [{"targets": [target]}]}]}))

    def __enter__(self):
        self.log = open(self.directory / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [program("prometheus"), f"--config.file={self.directory}/prometheus.json",
             f"--storage.tsdb.path={self.directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def api(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        try:
            return self.api("query", query=expression)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from None

    def wait(self, expression, seconds=60):
        """Waits until an expression has a result. A scrape gives no event, so this asks repeatedly."""
        deadline = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < deadline:
            try:
                if self.query(expression):
                    return
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError(f"{expression} has no result after {seconds} s:\n"
                             f"{(self.directory / 'log').read_text()[-2000:]}")


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need(program("promtool") is not None, "promtool (./dev unpacks Debian's package prometheus)")

    def test_rules_are_valid(self):
        code, text = promtool("check", "rules", str(ALERTS))
        self.assertEqual(code, 0, text)
        self.assertIn("SUCCESS", text)

    def test_each_situation_has_its_alerts_and_no_others(self):
        code, text = promtool("test", "rules", str(ROOT / "tests/data/monitoring/alerts_test.yml"))
        self.assertEqual(code, 0, text)

    def test_every_alert_has_a_situation(self):
        situations = (ROOT / "tests/data/monitoring/alerts_test.yml").read_text()
        names = [line.split()[-1] for line in ALERTS.read_text().splitlines() if "- alert:" in line]
        self.assertGreater(len(names), 10)
        self.assertEqual([n for n in names if f'alertname="{n}"' not in situations], [])


class RealServer(DockerCase):
    """Jobs with an engine and a builder of their own, seen through a real Prometheus."""

    image_name = "dind"
    images = ("buildkit",)
    privileged = True
    runner_options = {"dind": {"builder_image": image("buildkit")}, "name": "docker",
                      "feature_flags": {"FF_EXPORT_HIGH_CARDINALITY_METRICS": True},
                      "monitoring": {"job_queuing_durations": [
                          {"periods": ["* * * * *"], "timezone": "Europe/Berlin",
                           "threshold": "1ms"}]}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(program("prometheus") is not None, "prometheus (./dev unpacks Debian's package)")

    def test_every_expression_has_data(self):
        port = free_port()
        self.start_docker(globals={"listen_address": f"127.0.0.1:{port}"}, warm="auto")
        target = f"127.0.0.1:{port}"
        with Prometheus(self.directory / "prometheus", target) as server:
            server.wait("gitlab_runner_jobs_total == 0")
            self.assert_success(self.run_job(["docker version"], patience=120))
            self.run_job("exit 1", patience=120)
            running = self.add_job(["echo started", "sleep 600"])
            self.wait_trace(running, "started\n", 120)
            # The rates need two samples with the jobs.
            server.wait('sum(gitlab_runner_job_duration_seconds_count offset 3s) == 2')
            server.wait('gitlab_runner_jobs{stage="step_script", executor_stage="docker_run"} == 1')
            self.check_metrics(target)
            self.check_dashboard(server)
            self.check_rules(server)
            self.check_values(server)
            self.gitlab.cancel(running, force=True)
            server.wait("sum(gitlab_runner_jobs) == 0")

    def check_metrics(self, target):
        with urllib.request.urlopen(f"http://{target}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        self.assertNotIn(self.registered.token, text)
        for job in self.gitlab.jobs:
            self.assertNotIn(job.token, text)
        code, problems = promtool("check", "metrics", input=text)
        self.assertEqual((code, problems), (0, ""))

    def check_dashboard(self, server):
        empty = []
        for title, expression in dashboard_expressions():
            if server.query(without_variables(expression)):
                continue
            if not any(part in expression for part in MAY_BE_EMPTY) and "changes(" not in expression:
                empty.append(f"{title}: {expression}")
        self.assertEqual(empty, [], "panels without data")

    def check_rules(self, server):
        rules = [rule for group in server.api("rules")["groups"] for rule in group["rules"]]
        self.assertEqual([(r["name"], r["health"], r.get("lastError")) for r in rules
                          if r["health"] != "ok"], [])
        firing = {alert["labels"]["alertname"]: alert["annotations"]
                  for alert in server.api("alerts")["alerts"] if alert["state"] == "firing"}
        self.assertLessEqual(set(firing), {"RunnerQueueWaitOverThreshold"},
                             "only the threshold of one millisecond is exceeded")
        for texts in firing.values():
            self.assertNotIn("<error", " ".join(texts.values()))

    def check_values(self, server):
        def value(expression):
            found = server.query(expression)
            self.assertEqual(len(found), 1, expression)
            return float(found[0]["value"][1])
        server.wait('runner_engine_boot_duration_seconds_count{result="ready"} == 3')
        # An environment that waited has its builder already.
        server.wait('sum(runner_builder_boot_duration_seconds_count{result="ready"})'
                    ' + sum(runner_warm_hits_total) == 3')
        self.assertLess(value("time() - runner_last_contact_timestamp_seconds"), 60)
        self.assertEqual(value("runner_trace_backlog_bytes"), 0)
        self.assertGreater(value('runner_disk_free_bytes{directory="state"}'), 0)
        server.wait('gitlab_runner_job_stage_duration_seconds_count{stage="get_sources"} == 3')
        self.assertEqual(value('sum(gitlab_runner_failed_jobs_total{failure_reason="script_failure"})'), 1)


class Forwarder:
    """Forwards connections to a port of this machine."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while block := source.recv(65536):
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class PulledImages(DockerCase):
    image_name = "busybox"

    def test_pulls_are_timed_and_counted(self):
        port = free_port()
        with Registry(str(self.directory / "registry"), free_port()) as registry:
            # An engine uses plain HTTP only for registries of its own machine.
            local = Forwarder((registry.address, registry.port))
            self.addCleanup(local.close)
            name = f"127.0.0.1:{local.port}/pulled:latest"
            docker("tag", image("busybox"), name)
            self.addCleanup(docker, "rmi", "-f", name, check=False)
            docker("push", name)
            docker("rmi", name)
            self.start_docker(pull_policy="always", globals={"listen_address": f"127.0.0.1:{port}"})
            self.run_job("true", image={"name": name})
            self.run_job("true", image={"name": f"127.0.0.1:{local.port}/missing:latest"})
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                text = answer.read().decode()
        for result in ("pulled", "failed"):
            self.assertRegex(text, f'runner_image_pull_duration_seconds_count{{result="{result}",.*}} 1\n')


class TakenOver(SystemCase):
    def test_jobs_that_go_on_are_counted(self):
        port = free_port()
        first = self.start_with(listen_address=f"127.0.0.1:{port}")
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        first.kill()
        second = self.start()
        second.wait_log("Took up a job that runs on")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            self.assertRegex(answer.read().decode(), r"runner_jobs_taken_over_total{.*} 1\n")
        self.gitlab.cancel(job, force=True)


if __name__ == "__main__":
    unittest.main()
