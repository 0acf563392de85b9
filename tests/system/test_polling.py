"""Job requests: their content, how often, how many at once, and when they pause."""

import json
import time
import unittest

from tests.system.harness import SystemCase


class Request(SystemCase):
    def test_body_and_headers(self):
        self.start_with()
        seen = self.gitlab.requests("request")[0]
        body = seen.body
        self.assertEqual(set(body) - {"last_update", "session"}, {"info", "token", "system_id"})
        info = body["info"]
        self.assertEqual((info["name"], info["platform"], info["executor"], info["shell"]),
                         ("gitlab-runner", "linux", "shell", "bash"))
        self.assertRegex(info["version"], r"^19\.\d+\.\d+$")
        self.assertEqual(info["config"], {"gpus": ""})
        self.assertEqual(seen.header("Runner-Token"), body["token"])
        self.assertRegex(seen.header("X-Request-Id"), "^[0-9a-f]{32}$")
        self.assertLess(seen.body_size, 32 * 1024)
        self.assertEqual((self.config.parent / ".runner_system_id").read_text(),
                         body["system_id"])

    def test_only_features_that_work_are_announced(self):
        self.start_with()
        features = self.gitlab.requests("request")[0].body["info"]["features"]
        for name in ("variables", "refspecs", "masking", "raw_variables", "trace_reset",
                     "trace_checksum", "trace_size", "cancelable", "cancel_gracefully",
                     "return_exit_code", "multi_build_steps", "vault_secrets", "shared"):
            self.assertIs(features[name], True, name)
        for name in ("image", "services", "proxy", "service_variables"):
            self.assertIs(features[name], False, name)

    def test_last_update_is_echoed(self):
        self.start_with()
        self.gitlab.wait_exchange("request", 3)
        sent = [e.body.get("last_update") for e in self.gitlab.requests("request")][:3]
        given = [e.response_headers.get("X-GitLab-Last-Update")
                 for e in self.gitlab.requests("request")][:3]
        self.assertEqual(sent, [None, given[0], given[1]])

    def test_labels(self):
        self.write_config([{"labels": {"zone": "runner"}}], labels={"zone": "global", "rack": "r12"})
        self.start()
        self.assertEqual(self.gitlab.requests("request")[0].body["info"]["labels"],
                         {"zone": "runner", "rack": "r12"})

    def test_check_interval(self):
        self.start_with(check_interval=2)
        self.gitlab.wait_exchange("request", 4)
        times = [e.started for e in self.gitlab.requests("request")]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertTrue(all(1.7 < gap < 2.6 for gap in gaps), gaps)

    def test_after_a_job_it_asks_again_at_once(self):
        jobs = [self.add_job("true") for _ in range(4)]
        self.start_with(check_interval=30)
        for job in jobs:
            self.finish(job, 20)

    def test_entries_take_turns(self):
        runners = [self.gitlab.add_runner() for _ in range(3)]
        self.write_config([{"token": r.token, "name": f"r{r.id}"} for r in runners],
                          check_interval=3)
        self.start()
        self.gitlab.wait_exchange("request", 7)
        tokens = [e.body["token"] for e in self.gitlab.requests("request")][:6]
        self.assertEqual(tokens[:3], tokens[3:])
        self.assertEqual(len(set(tokens[:3])), 3)


class Limits(SystemCase):
    def run_many(self, count, script="sleep 1", **spec):
        return [self.add_job(script, **spec) for _ in range(count)]

    def most_at_once(self, jobs):
        self.gitlab.wait(lambda: all(j.is_final() for j in jobs), 60, "all jobs")
        marks = [(j.started, 1) for j in jobs] + [(j.finished, -1) for j in jobs]
        most = now = 0
        for _, change in sorted(marks):
            now += change
            most = max(most, now)
        return most

    def test_concurrent(self):
        jobs = self.run_many(6)
        self.start_with(concurrent=2)
        self.assertEqual(self.most_at_once(jobs), 2)

    def test_limit(self):
        jobs = self.run_many(4)
        self.start_with({"limit": 1}, concurrent=4)
        self.assertEqual(self.most_at_once(jobs), 1)

    def test_limit_is_per_token(self):
        first, second = self.gitlab.add_runner(), self.gitlab.add_runner(tags=["x"])
        jobs = self.run_many(2) + self.run_many(2, tags=["x"])
        self.write_config([{"token": r.token, "limit": 1} for r in (first, second)])
        self.start()
        self.gitlab.wait(lambda: all(j.is_final() for j in jobs), 60, "all jobs")

    def test_request_concurrency(self):
        """With slow answers, no more than the allowed number of requests is under way."""
        self.gitlab.fault("request", "slow", seconds=2, times=-1)
        self.start_with({"request_concurrency": 1}, concurrent=10)
        self.gitlab.wait_exchange("request", 3, timeout=30)
        spans = sorted((e.started, e.ended) for e in self.gitlab.requests("request") if e.ended)
        self.assertTrue(all(a[1] <= b[0] for a, b in zip(spans, spans[1:])), spans)

    def test_concurrent_ids(self):
        jobs = self.run_many(3, "echo id $CI_CONCURRENT_ID; sleep 1")
        self.start_with(concurrent=3)
        self.gitlab.wait(lambda: all(j.is_final() for j in jobs), 60, "all jobs")
        ids = sorted(j.text.split("\nid ")[1][0] for j in jobs)
        self.assertEqual(ids, ["0", "1", "2"])

    def test_two_hundred_small_jobs(self):
        jobs = self.run_many(200, "true")
        begun = time.monotonic()
        self.start_with({"request_concurrency": 4}, concurrent=20)
        self.gitlab.wait(lambda: all(j.is_final() for j in jobs), 120, "all jobs")
        self.assertEqual({j.status for j in jobs}, {"success"})
        self.assertLess(time.monotonic() - begun, 60)

    def test_concurrent_below_one_is_fatal(self):
        self.write_config(concurrent=0)
        daemon = self.start(wait=False)
        self.assertEqual(daemon.wait_exit(), 1)
        self.assertIn("concurrent", daemon.log)


class Health(SystemCase):
    def test_three_times_403_pauses_the_entry(self):
        good = self.gitlab.add_runner()
        self.write_config([{"token": "glrt-t1_revoked0000000000000", "name": "revoked"},
                           {"token": good.token, "name": "good"}])
        daemon = self.start()
        self.gitlab.wait(lambda: len(self.refused()) == 3, 20, "three refusals")
        begun = len(self.gitlab.requests("request"))
        self.gitlab.wait(lambda: len(self.gitlab.requests("request")) > begun + 4, 20, "polls")
        self.assertEqual(len(self.refused()), 3)
        self.assertRegex(daemon.log, "(?i)forbidden")
        self.assertRegex(daemon.log, "(?i)unhealthy|disabled")
        self.assert_success(self.run_job("true"))

    def refused(self):
        return [e for e in self.gitlab.requests("request") if e.status == 403]

    def test_own_limits_and_return_to_health(self):
        runner = self.gitlab.add_runner()
        self.gitlab.fault("request", status=403, times=2)
        self.write_config([{"token": runner.token, "unhealthy_requests_limit": 2,
                            "unhealthy_interval": "4s"}])
        self.start()
        self.gitlab.wait(lambda: len(self.refused()) == 2, 20, "two refusals")
        self.gitlab.wait_exchange("request", 3, timeout=20)
        third = self.gitlab.requests("request")[2]
        self.assertGreater(third.started - self.refused()[1].started, 2.5)
        self.assert_success(self.run_job("true"))

    def test_reload_clears_it(self):
        self.write_config([{"token": "glrt-t1_revoked0000000000000"}])
        daemon = self.start()
        self.gitlab.wait(lambda: len(self.refused()) == 3, 20, "three refusals")
        daemon.wait_log("(?i)unhealthy|disabled")
        daemon.send(1)
        self.gitlab.wait(lambda: len(self.refused()) > 3, 20, "another try")

    def test_a_dead_server_does_not_pause_the_entry(self):
        self.gitlab.fault("request", status=500, times=30)
        self.start_with()
        self.gitlab.wait(lambda: len(self.gitlab.requests("request")) > 5, 30, "retries")
        self.gitlab.faults.clear()
        self.assert_success(self.run_job("true"))


    def test_equal_failures_are_logged_once(self):
        self.gitlab.fault("request", status=501, times=4)
        daemon = self.start_with()
        daemon.wait_log("answers again.*failures=4")
        self.assertEqual(daemon.log.count("Checking for jobs... failed"), 1, daemon.log)


class Retries(SystemCase):
    def test_five_attempts_then_the_next_poll(self):
        self.gitlab.fault("request", status=503, times=5)
        job = self.add_job("true")
        self.start_with()
        self.assert_success(self.finish(job))
        self.assertEqual([e.status for e in self.gitlab.requests("request")][:6],
                         [503] * 5 + [201])

    def test_retry_after(self):
        self.gitlab.fault("request", status=429, headers={"Retry-After": "2"}, times=1)
        self.start_with()
        self.gitlab.wait_exchange("request", 2)
        first, second = self.gitlab.requests("request")[:2]
        self.assertTrue(1.8 < second.started - first.started < 3.5,
                        second.started - first.started)

    def test_501_is_not_retried_at_once(self):
        self.gitlab.fault("request", status=501, times=1)
        self.start_with(check_interval=3)
        self.gitlab.wait_exchange("request", 2)
        first, second = self.gitlab.requests("request")[:2]
        self.assertGreater(second.started - first.started, 2)

    def test_broken_answers_are_survived(self):
        self.start_with()
        for options in ({"action": "garbage"}, {"action": "drop"}, {"action": "reset"},
                        {"action": "answer", "status": 201, "body": "<html>", "headers": {
                            "Content-Type": "text/html"}},
                        {"action": "answer", "status": 201, "body": "[]", "headers": {
                            "Content-Type": "application/json"}},
                        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
                        {"status": 409}, {"status": 400}, {"status": 422}, {"status": 413}):
            fault = self.gitlab.fault("request", **options)
            self.gitlab.wait(lambda: fault.hits == 1, 20, str(options))
        self.assert_success(self.run_job("true"))

    def test_a_silent_connection_does_not_stop_other_entries(self):
        stuck, good = self.gitlab.add_runner(tags=["stuck"]), self.gitlab.add_runner()
        self.write_config([{"token": stuck.token}, {"token": good.token, "name": "good"}])
        self.gitlab.fault("request", "stall", seconds=20)
        self.start()
        self.assert_success(self.run_job("true", patience=15))


class LongPolling(SystemCase):
    gitlab_options = {"long_poll": 20}

    def test_a_job_is_taken_as_soon_as_it_is_there(self):
        self.start_with(check_interval=3)
        self.gitlab.wait(lambda: [e for e in self.gitlab.requests("request")
                                  if not e.ended], 20, "a held request")
        job = self.add_job("true")
        begun = time.monotonic()
        self.gitlab.wait_picked(job, 10)
        self.assertLess(time.monotonic() - begun, 4)
        self.assert_success(self.finish(job))

    def test_no_job_waits_for_the_interval(self):
        self.start_with(check_interval=20, concurrent=1)
        self.gitlab.wait(lambda: [e for e in self.gitlab.requests("request")
                                  if not e.ended], 60, "a held request")
        for _ in range(3):
            self.assert_success(self.run_job("true", patience=15))

    def test_a_held_request_keeps_no_other_entry_waiting(self):
        first, second = self.gitlab.add_runner(), self.gitlab.add_runner(tags=["x"])
        self.write_config([{"token": first.token}, {"token": second.token, "name": "x"}], concurrent=1,
                          check_interval=1)
        self.start()
        self.gitlab.wait_exchange("request", 4)
        for _ in range(2):
            self.assert_success(self.run_job("true", tags=["x"], patience=10))
            self.assert_success(self.run_job("true", patience=10))

    def test_several_entries_do_not_wait_for_each_other(self):
        first, second = self.gitlab.add_runner(), self.gitlab.add_runner(tags=["x"])
        self.write_config([{"token": first.token}, {"token": second.token, "name": "x"}])
        self.start()
        self.gitlab.wait_exchange("request", 2)
        self.assert_success(self.run_job("true", tags=["x"], patience=15))


class Payloads(SystemCase):
    """The daemon must accept every payload that a server may send, and say what it cannot do."""

    def setUp(self):
        super().setUp()
        self.start_with()

    def test_unknown_fields_nulls_and_omissions(self):
        job = self.run_job("echo fine", payload={
            "a_new_field": {"x": [1]}, "run": None, "hooks": None, "inputs": None,
            "services": None, "cache": None, "dependencies": None, "credentials": None,
            "artifacts": None, "secrets": ..., "policy_options": ..., "allow_git_fetch": ...,
            "job_info": {"time_in_queue_seconds": 1, "queue_size": None, "new": 1},
            "runner_info": {"timeout": 60, "runner_session_url": ..., "uuid": "x"}})
        self.assert_success(job)

    def test_minimal_payload(self):
        def minimal(payload):
            return {"id": payload["id"], "token": payload["token"], "git_info": {},
                    "variables": [{"key": "GIT_STRATEGY", "value": "none"}],
                    "steps": [{"name": "script", "script": ["echo fine"]}]}
        job = self.run_job("", payload=minimal)
        self.assert_success(job)

    def test_malformed_payloads_fail_with_a_reason_in_the_log(self):
        for change, word in (({"steps": "text"}, "steps"), ({"variables": {"a": 1}}, "variables"),
                             ({"variables": [{"key": 1, "value": []}]}, "variables"),
                             ({"image": 7}, "image"), ({"git_info": []}, "git_info"),
                             ({"runner_info": {"timeout": "soon"}}, "timeout")):
            job = self.run_job("true", payload=change)
            self.assertEqual((job.status, job.reported_reason),
                             ("failed", "runner_system_failure"), (change, job.text))
            self.assertIn(word, job.text)

    def test_payload_without_id_or_token_is_said_in_the_daemon_log(self):
        job = self.add_job("true", raw_payload=b'{"id": "x"}')
        self.gitlab.wait_picked(job)
        self.daemons[0].wait_log("(?i)payload|decode|job")
        self.gitlab.finish_job(job, "failed", None)
        self.add_job("true", raw_payload=b"{broken")
        self.assert_success(self.run_job("true"))
        self.gitlab.finish_job(self.gitlab.jobs[1], "failed", None)

    def test_huge_and_deep_json(self):
        self.add_job("true", raw_payload=b"[" * 200_000)
        self.add_job("true", raw_payload=json.dumps({"id": 1, "x": "y" * 20_000_000}).encode())
        self.assert_success(self.run_job("true"))
        for job in self.gitlab.jobs[:2]:
            self.gitlab.finish_job(job, "failed", None)

    def test_unsupported_options(self):
        job = self.run_job("true", payload={"image": {"name": "x", "executor_opts": {
            "docker": {"no_such": 1}}}})
        self.assert_failed(job, "runner_system_failure", 3)
        self.assertIn('Unsupported "image" options [no_such] for "docker"; supported options are [platform user]',
                      job.text)

    def test_run_beside_script(self):
        job = self.run_job("true", payload={"run": '[{"name":"a","script":"echo"}]'})
        self.assert_failed(job, "runner_system_failure", 3)

    def test_failure_reasons_the_server_does_not_know_are_mapped(self):
        job = self.add_job(["echo started", "sleep 300"], failure_reasons=["script_failure"])
        self.wait_trace(job, "started\n")
        self.daemons[0].stop()
        self.assertEqual(job.reported_reason, "unknown_failure")


if __name__ == "__main__":
    unittest.main()
