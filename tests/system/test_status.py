"""The endpoint for admins, and `runner status` for people."""

import http.client
import json
import re
import socket
import unittest

from tests.system.harness import SystemCase

METRICS = """gitlab_runner_concurrent gitlab_runner_limit gitlab_runner_jobs gitlab_runner_jobs_total
gitlab_runner_request_concurrency gitlab_runner_request_concurrency_hard_limit
gitlab_runner_request_concurrency_adaptive_limit gitlab_runner_request_concurrency_used_limit
gitlab_runner_request_concurrency_exceeded_total
gitlab_runner_worker_feeds_total gitlab_runner_worker_feed_failures_total
gitlab_runner_worker_slot_operations_total gitlab_runner_worker_health_check_failures_total
gitlab_runner_configuration_loaded_total gitlab_runner_configuration_loading_error_total
gitlab_runner_configuration_saved_total gitlab_runner_configuration_saving_error_total gitlab_runner_api_request_statuses_total
gitlab_runner_errors_total gitlab_runner_process_state_info gitlab_runner_version_info
gitlab_runner_worker_slots_number process_cpu_seconds_total process_resident_memory_bytes
process_start_time_seconds process_open_fds
gitlab_runner_acceptable_job_queuing_duration_exceeded_total gitlab_runner_failed_jobs_total
gitlab_runner_worker_processing_failures_total runner_last_contact_timestamp_seconds runner_trace_backlog_bytes
runner_paused runner_image_pulled_bytes_total runner_cache_restores_total runner_cache_restored_bytes_total
runner_cache_saves_total runner_cache_saved_bytes_total runner_jobs_taken_over_total runner_orphans_removed_total""".split()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Status(SystemCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.daemon = self.start_with({"name": "st", "limit": 3},
                                      listen_address=f"127.0.0.1:{self.port}")

    def get(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body, answer.headers

    def metrics(self):
        found = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
        return found

    def test_health(self):
        self.assertEqual(self.get("/health/live")[0], 200)
        self.assertEqual(self.get("/health/ready")[0], 200)
        self.assertEqual(self.get("/nothing")[0], 404)
        self.assertEqual(self.get("/metrics", "POST")[0], 405)

    def test_idle_connections_keep_nobody_out(self):
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(200)]
        for connection in idle:
            self.addCleanup(connection.close)
        self.assertEqual(self.get("/health/live")[0], 200)

    def test_names_of_foreign_pages_are_refused(self):
        for path in ("/health/live", "/metrics", "/status.json", "/debug/jobs/list"):
            self.assertEqual(self.get(path, Host="evil.example")[0], 403, path)
            self.assertEqual(self.get(path, Host=f"localhost:{self.port}")[0], 200, path)

    def test_metric_names(self):
        self.gitlab.wait_exchange("request", 2)  # the first one has been answered, and counted
        status, body, headers = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("text/plain", headers["Content-Type"])
        names = {re.split(r"[{ ]", line)[0] for line in body.splitlines()
                 if not line.startswith("#")}
        self.assertEqual([n for n in METRICS if n not in names], [])

    def test_values(self):
        values = self.metrics()
        self.assertEqual(values["gitlab_runner_concurrent"], 4)
        short = self.gitlab.runners[0].token.removeprefix("glrt-t1_")[:9]
        limits = [k for k in values if k.startswith("gitlab_runner_limit{")]
        self.assertEqual(len(limits), 1)
        self.assertEqual(values[limits[0]], 3)
        for label in (f'runner="{short}"', 'runner_name="st"', 'system_id="'):
            self.assertIn(label, limits[0])
        self.run_job("exit 1")
        self.run_job("true")
        # The metrics count a job as finished after its cleanup, which comes after the report to the server.
        count = "gitlab_runner_job_duration_seconds_count"
        self.gitlab.wait(lambda: sum(v for k, v in self.metrics().items() if k.startswith(count)) == 2,
                         20, "both jobs in the metrics")
        values = self.metrics()

        def total(prefix, *labels):
            return sum(v for k, v in values.items()
                       if k.startswith(prefix) and all(label in k for label in labels))
        self.assertEqual(total("gitlab_runner_jobs_total"), 2)
        self.assertGreaterEqual(total("gitlab_runner_worker_feeds_total", 'runner_name="st"'), 2)
        self.assertEqual(total("gitlab_runner_worker_slot_operations_total", 'operation="started"'), 4)
        self.assertEqual(total("gitlab_runner_worker_processing_failures_total",
                               'failure_type="job_failure"'), 1)
        self.assertEqual(total("gitlab_runner_job_execution_mode_total",
                               'mode="traditional"', 'executor="shell"'), 2)
        self.assertEqual(total("gitlab_runner_failed_jobs_total",
                               'failure_reason="script_failure"'), 1)
        self.assertEqual(total("gitlab_runner_api_request_statuses_total",
                               'endpoint="request_job"', 'status="201"', 'method="post"'), 2)
        self.assertGreaterEqual(total("gitlab_runner_api_request_statuses_total",
                                      'endpoint="patch_trace"', 'status="202"',
                                      'method="patch"'), 2)
        self.assertGreaterEqual(total("gitlab_runner_api_request_statuses_total",
                                      'endpoint="update_job"', 'method="put"'), 4)

    def test_caches(self):
        caches = [{"key": "a", "untracked": False, "paths": ["kept"], "policy": "pull-push", "when": "on_success"},
                  {"key": "b", "untracked": False, "paths": ["none"], "policy": "pull-push", "when": "on_success"}]
        for _ in range(2):
            self.run_job("echo content > kept", cache=caches)
        name = "gitlab_runner_job_duration_seconds_count"
        self.gitlab.wait(lambda: sum(v for k, v in self.metrics().items() if k.startswith(name)) == 2,
                         20, "both jobs in the metrics")
        values = self.metrics()

        def of(prefix, label=""):
            return sum(v for k, v in values.items() if k.startswith(prefix) and label in k)
        for result, count in (("hit", 1), ("fallback", 0), ("miss", 3), ("failed", 0)):
            self.assertEqual(of("runner_cache_restores_total", f'result="{result}"'), count, result)
        for result, count in (("saved", 2), ("unchanged", 0), ("empty", 2), ("failed", 0)):
            self.assertEqual(of("runner_cache_saves_total", f'result="{result}"'), count, result)
        self.assertGreater(of("runner_cache_restored_bytes_total"), 0)
        self.assertEqual(of("runner_cache_saved_bytes_total"), 2 * of("runner_cache_restored_bytes_total"))

    def test_running_jobs(self):
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        values = self.metrics()
        running = [k for k, v in values.items() if k.startswith("gitlab_runner_jobs{") and v == 1]
        self.assertEqual(len(running), 1)
        self.assertIn('state="running"', running[0])
        self.assertIn('stage="step_script"', running[0])
        self.assertIn('executor_stage="run"', running[0])
        data = json.loads(self.get("/status.json")[1])
        text = json.dumps(data)
        self.assertIn(str(job.id), text)
        self.assertIn("step_script", text)
        self.assertNotIn(job.token, text)
        self.assertNotIn(self.gitlab.runners[0].token, text)
        self.gitlab.cancel(job, force=True)

    def test_status_json(self):
        data = json.loads(self.get("/status.json")[1])
        text = json.dumps(data)
        self.assertIn('"st"', text)
        self.assertIn(self.gitlab.url, text)

    def test_runner_status(self):
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        done = self.command("status")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("st", done.stdout)
        self.assertIn(str(job.id), done.stdout)
        self.gitlab.cancel(job, force=True)

    def test_debug_jobs_list(self):
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        status, body, headers = self.get("/debug/jobs/list")
        if status != 404:
            self.assertEqual(headers["X-List-Version"], "2")
            self.assertIn("stage=step_script", body)
        self.gitlab.cancel(job, force=True)

    def test_malformed_requests_are_survived(self):
        for data in (b"\0\1\2\r\n\r\n", b"GET /metrics HTTP/1.1\r\n", b"GET " + b"a" * 100_000):
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                try:
                    connection.sendall(data)
                except OSError:
                    pass
        self.assertEqual(self.get("/health/live")[0], 200)


class StatusElsewhere(SystemCase):
    def test_address_in_use_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.write_config(listen_address=f"127.0.0.1:{port}")
            daemon = self.start(wait=False)
            daemon.wait_log(str(port))

    def test_runner_status_without_a_daemon(self):
        self.write_config(listen_address="127.0.0.1:1")
        done = self.command("status")
        self.assertEqual(done.code, 1)
        self.assertNotEqual(done.stderr.strip() + done.stdout.strip(), "")

    def test_flag_and_environment(self):
        port = free_port()
        self.write_config()
        self.start("--listen-address", f"127.0.0.1:{port}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/health/live")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


if __name__ == "__main__":
    unittest.main()
