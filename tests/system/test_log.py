"""The job log: its form, masking, its limit, and its way to the server."""

import re
import unittest
from pathlib import Path

from tests.support.gitlab import bad_stamps, sections
from tests.system.harness import SystemCase


class Framing(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def test_sections(self):
        job = self.run_job("echo one", after_script=["echo two"])
        names = [s.name for s in sections(job.trace)]
        self.assertEqual([n for n in names if n != "resolve_secrets"],
                         ["prepare_executor", "prepare_script", "get_sources", "step_script",
                          "after_script", "cleanup_file_variables"])
        for section in sections(job.trace):
            self.assertGreaterEqual(section.end, section.start, section.name)
        found = {s.name: s.text for s in sections(job.trace)}
        self.assertIn("\none\n", found["step_script"])
        self.assertIn("\ntwo\n", found["after_script"])
        self.assertIn(b"section_start:", job.trace)
        self.assertRegex(job.trace, rb"section_start:\d{10}:step_script\r\x1b\[0K")

    def test_no_sections_when_the_server_knows_none(self):
        job = self.run_job("echo one", features={"trace_sections": False})
        self.assert_success(job)
        self.assertNotIn(b"section_", job.trace)

    def test_timestamps_on_every_line(self):
        job = self.run_job(["echo out", "echo err >&2", r"printf 'a\rb\rc\n'"])
        self.assertEqual(bad_stamps(job.trace), [])
        kinds = {(line.stream, line.kind) for line in job.lines}
        self.assertTrue({(0, "O"), (1, "O"), (1, "E")} <= kinds, kinds)
        self.assertIn((1, "E", "err"), [(l.stream, l.kind, l.text) for l in job.lines])
        self.assertEqual([l.stamp for l in job.lines if l.stream == 1],
                         sorted(l.stamp for l in job.lines if l.stream == 1))

    def test_timestamps_off(self):
        job = self.run_job("echo one", variables={"FF_TIMESTAMPS": "false"})
        self.assertNotEqual(bad_stamps(job.trace), [])
        self.assertRegex(job.trace, rb"(?m)^one$")
        self.assertIn("FF_TIMESTAMPS:false", job.text)

    def test_a_line_longer_than_8_kib_continues(self):
        job = self.run_job("printf '%030000d\\n' 1")
        self.assertIn("0" * 29_999 + "1", [line.text for line in job.lines])

    def test_output_without_a_newline_at_its_end(self):
        job = self.run_job("printf no-newline")
        self.assert_success(job)
        self.assertIn("no-newline\n", job.text)

    def test_first_bytes_come_at_once(self):
        job = self.add_job(["echo started", "sleep 5"], update_interval=30)
        self.wait_trace(job, "started\n", 3)
        self.gitlab.cancel(job, force=True)


class Masking(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def mask(self, script, **variables):
        return self.run_job(script, variables={
            key: {"value": value, "masked": True, "public": False}
            for key, value in variables.items()})

    def test_values(self):
        job = self.mask(["echo a-$S-b", "echo $S$S", "echo $L"], S="hunter2-hunter3",
                        L="hunter2-hunter3-and-more")
        self.assertIn("a-[MASKED]-b\n", job.text)
        self.assertIn("[MASKED][MASKED]\n", job.text)
        self.assertNotIn("hunter2", job.text)

    def test_split_over_writes(self):
        job = self.mask(["printf 'xx super'; sleep 0.5; printf 'secr'; sleep 0.5; "
                         "echo 'etvalue yy'"], S="supersecretvalue")
        self.assertIn("xx [MASKED] yy\n", job.text)

    def test_occurrences_that_overlap_are_hidden_as_one(self):
        job = self.mask(["echo x${S}hunter2y"], S="hunter2hunter2")
        self.assertIn("\nx[MASKED]y\n", job.text)

    def test_overlap_with_itself(self):
        job = self.mask(["printf 'aaaaaa'; sleep 0.5; echo aab"], S="aaaaaaab")
        self.assertNotIn("aaaaaaab", job.text.replace("$ printf", ""))
        self.assertIn("[MASKED]", job.text.splitlines()[-2] + job.text)

    def test_in_the_echoed_command(self):
        job = self.mask(["echo literally-in-script-secret1"], S="secret1")
        self.assertNotIn("secret1", job.text)

    def test_prefixes_and_url_parameters(self):
        job = self.run_job(["echo glpat-abcDEF012_- end glrt-zzzzzzzzzzzz!",
                            "echo 'https://x/?a=1&private_token=abc123&b=2'"])
        self.assertIn("\nglpat-[MASKED] end glrt-[MASKED]!\n", job.text)
        self.assertNotIn("abc123", job.text)
        self.assertIn("private_token=[MASKED]&b=2", job.text)

    def test_prefixes_of_the_server(self):
        job = self.run_job("echo acme-1234567890", features={"token_mask_prefixes": ["acme-"]})
        self.assertIn("\nacme-[MASKED]\n", job.text)

    def test_the_job_token_in_all_its_places(self):
        job = self.run_job(["echo $CI_JOB_TOKEN", "env | grep -c TOKEN", "echo $CI_REPOSITORY_URL"])
        self.assert_success(job)
        self.assertNotIn(job.token, job.text)

    def test_a_value_of_several_lines_as_a_whole(self):
        key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----"
        config = f"apiVersion: v1\nkind: Config\nkey: |\n{key}"
        job = self.mask(['printf "%s\\n" "$C"', "echo 'kind: Config'", 'echo "$C" | sed "s/^/> /"'],
                        C=config)
        self.assertIn("\n[MASKED]\n", job.text)
        self.assertIn("\nkind: Config\n", job.text)
        self.assertIn("\n> apiVersion: v1\n", job.text)
        self.assertIn("\n> [MASKED]\n> -----END KEY-----\n", job.text)

    def test_as_programs_quote_it(self):
        job = self.mask(["declare -p S", r"""printf '%q\n' "$S" """, "export -p | grep ' S='",
                         r"""printf '%s\n' "$S" | sed 's/["\\]/\\&/g'"""], S=r'pass\word"1')
        self.assert_success(job)
        self.assertNotIn("word", job.text)
        self.assertEqual(job.text.count("[MASKED]"), 4)

    def test_in_the_key_of_a_cache(self):
        for value in ("pass\\word1", "pass%2fword1", "password1/", "/pass//word1"):
            job = self.run_job("true", cache=[
                {"key": "k-$S", "paths": ["x"], "policy": "pull", "fallback_keys": ["f-$S"]}],
                variables={"S": {"value": value, "masked": True, "public": False}})
            self.assert_success(job)
            self.assertIn("k-[MASKED]", job.text)
            self.assertNotIn("word1", job.text)

    def test_in_the_daemons_log(self):
        for log_format in ("runner", "text", "json"):
            self.daemons[-1].stop()
            self.write_config([{"token": self.gitlab.runners[0].token,
                                "custom_build_dir": {"enabled": True}}])
            daemon = self.start("--log-format", log_format)
            job = self.run_job("true", variables={
                "S": {"value": 'a"b\\c<d-word', "masked": True, "public": False},
                "GIT_CLONE_PATH": "/outside/$S"})
            self.assertEqual(job.status, "failed")
            daemon.wait_log(r"Job failed")
            self.assertIn("[MASKED]", daemon.log)
            self.assertNotIn("d-word", daemon.log)
            self.assertNotIn("d-word", job.text)

    def test_passwords_of_registries(self):
        self.daemons[0].stop()
        password = self.directory / "password"
        password.write_text("robot-pass\n")
        self.write_config([{"token": self.gitlab.runners[0].token, "registry": [
            {"host": "registry.example.com", "username": "robot", "password_file": str(password)}]}])
        self.start()
        job = self.run_job([f"cat {password}", "printf robot:$(cat %s) | base64" % password])
        self.assert_success(job)
        self.assertNotIn("robot-pass", job.text)
        self.assertEqual(job.text.count("\n[MASKED]\n"), 2)

    def test_stderr_as_well(self):
        job = self.mask(["echo $S >&2"], S="on-the-other-stream")
        self.assertNotIn("on-the-other-stream", job.text)


class Limit(SystemCase):
    def test_the_limit_is_said_once_and_the_job_goes_on(self):
        self.start_with({"output_limit": 20})
        job = self.run_job(["seq 1 20000", "exit 3"])
        self.assert_failed(job, "script_failure", 3)
        self.assertEqual(job.text.count("Job's log exceeded limit of 20480 bytes."), 1)
        self.assertIn("Job execution will continue but no more output will be collected.",
                      job.text)
        self.assertLess(job.trace_log.size, 20480 + 1500)

    def wait_file(self, path):
        self.gitlab.wait(path.exists, 60, f"{path.name} to be made")

    def test_a_script_that_writes_without_end_costs_little(self):
        """The supervisor drops the output: neither the disk nor the daemon's memory fills up."""
        daemon = self.start_with({"output_limit": 64})
        written, go = self.work / "written", self.work / "go"
        job = self.add_job(["head -c 300000000 /dev/zero | tr '\\0' x | fold -w 100", f"touch {written}",
                            f"while [ ! -e {go} ]; do sleep 0.05; done", "exit 4"])
        self.wait_file(written)
        stored = sum(f.stat().st_blocks * 512 for f in self.directory.rglob("*") if f.is_file()
                     and ".runner-state" in f.parts)
        self.assertLess(stored, 2_000_000)
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
        self.assertLess(peak, 40_000, "kB")
        go.touch()
        self.assert_failed(self.finish(job), "script_failure", 4)
        self.assertEqual(job.text.count("Job's log exceeded limit of 65536 bytes."), 1)

    def test_masking_that_shortens_the_log_does_not_hide_its_end(self):
        """Masking makes the log shorter than the limit that the script passed: it still has the message."""
        self.start_with({"output_limit": 600})
        secret = "s3cr3t-" * 200
        job = self.run_job(["for i in $(seq 2500); do echo \"$LONG\"; done", "exit 5"], timeout=120,
                           variables={"LONG": {"value": secret, "masked": True, "public": False}})
        self.assert_failed(job, "script_failure", 5)
        self.assertEqual(job.text.count("Job's log exceeded limit of 614400 bytes."), 1)
        self.assertNotIn("s3cr3t-", job.text)

    def test_a_large_log_arrives_whole(self):
        self.start_with({"output_limit": 100_000})
        job = self.run_job("seq 1 1000000", patience=120)
        self.assert_success(job)
        self.assertEqual(re.findall(r"(?m)^(\d+)$", job.text),
                         [str(i) for i in range(1, 1_000_001)])
        self.assertLessEqual(max(p.size for p in job.patches), 1024 * 1024)

    def test_a_chatty_job_stays_below_the_servers_rate_limit(self):
        self.gitlab.job_rate_limit = 200
        self.start_with({"output_limit": 200_000})
        job = self.run_job("for i in $(seq 100); do head -c 500000 /dev/zero | tr '\\0' x; echo; "
                           "sleep 0.05; done", patience=120)
        self.assert_success(job)
        self.assertNotIn(429, [e.status for e in self.gitlab.requests(job=job)])

    def test_the_servers_own_limit_ends_the_job(self):
        self.start_with({"output_limit": 100_000})
        self.gitlab.trace_size_limit = 100_000
        job = self.run_job(["seq 1 1000000", "sleep 300"])
        self.assertEqual(job.failure_reason, "trace_size_exceeded")


class Sending(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def lines(self, count=30):
        return [f"for i in $(seq 1 {count}); do echo line $i; sleep 0.1; done"]

    def assert_lines(self, job, count=30):
        self.assert_success(job)
        self.assertEqual(re.findall(r"(?m)^line (\d+)$", job.text),
                         [str(i) for i in range(1, count + 1)])

    def test_416_after_the_server_lost_a_piece(self):
        job = self.add_job(self.lines())
        self.wait_trace(job, "line 5\n")
        with job.lock:
            job.trace_log.truncate(job.trace_log.size // 2)
        self.assert_lines(self.finish(job))
        self.assertIn(416, [e.status for e in self.gitlab.requests("trace", job)])

    def test_416_without_a_usable_range(self):
        self.gitlab.fault("trace", status=416, headers={"Range": "nonsense"}, skip=1, times=1)
        self.allowed |= {"duplicate_bytes"}
        self.assert_lines(self.run_job(self.lines()))

    def test_errors_are_retried_and_nothing_is_repeated(self):
        for options in ({"status": 500}, {"status": 409}, {"status": 502}, {"action": "reset"},
                        {"action": "drop"}, {"action": "garbage"}):
            self.gitlab.fault("trace", skip=1, times=2, **options)
            self.assert_lines(self.run_job(self.lines(15)), 15)
            self.gitlab.faults.clear()

    def test_an_answer_that_was_lost(self):
        self.gitlab.fault("trace", "reset", apply=True, skip=1, times=2)
        self.assert_lines(self.run_job(self.lines()))

    def test_a_slow_server(self):
        self.gitlab.latency = 0.5
        self.assert_lines(self.run_job(self.lines()))

    def test_429_with_retry_after(self):
        self.gitlab.fault("trace", status=429, headers={"Retry-After": "1"}, times=2)
        self.gitlab.fault("update", status=429, headers={"Retry-After": "1"}, times=2)
        self.assert_lines(self.run_job(self.lines()))

    def test_an_outage_does_not_stop_the_job(self):
        job = self.add_job(self.lines(40))
        self.wait_trace(job, "line 5\n")
        self.gitlab.stop_listening()
        self.daemons[0].wait_log("(?i)connect|refused|unreachable|trace")
        self.gitlab.listen_again()
        self.assert_lines(self.finish(job), 40)

    def test_202_until_the_server_has_all(self):
        job = self.run_job("echo one", final_202=3)
        self.assert_success(job)
        finals = [u for u in job.updates if u["state"] != "running"]
        self.assertEqual(len(finals), 4)
        self.assertTrue(all(f == finals[0] for f in finals))

    def test_412_sends_the_whole_log_again(self):
        job = self.run_job("echo one", final_412=1)
        self.assert_success(job)
        self.assertIn("\none\n", job.text)
        starts = [p.start for p in job.patches]
        self.assertGreaterEqual(starts.count(0), 2)

    def test_final_update_is_repeated_until_it_is_answered(self):
        self.gitlab.fault("update", status=500, skip=1, times=6)
        self.assert_success(self.run_job("echo one"))
        self.gitlab.fault("update", "reset", apply=True, skip=1, times=1)
        self.assert_success(self.run_job("echo one"))

    def test_gives_up_after_the_configured_tries(self):
        self.daemons[0].stop()
        self.write_config([{"job_status_final_update_retry_limit": 2,
                            "token": self.gitlab.runners[0].token}])
        self.start()
        self.gitlab.fault("update", status=400, skip=1, times=-1)
        job = self.add_job("true")
        self.gitlab.wait(lambda: len(self.gitlab.requests("update", job)) >= 3, 30, "three updates")
        self.daemons[-1].wait_log(f"(?i)(giv|final).*|{job.id}")
        self.gitlab.faults.clear()
        self.assert_success(self.run_job("true"))
        self.assertLessEqual(len(self.gitlab.requests("update", job)), 4)

    def test_a_proxy_that_limits_the_size_of_patches(self):
        self.gitlab.fault("trace", status=413, larger_than=256 << 10, times=-1)
        job = self.run_job("seq 1 40000")
        self.assert_success(job)
        self.assertTrue(job.text.endswith("Job succeeded\n"))
        self.assertIn("\n39999\n40000\n", job.text)
        self.assertEqual(job.updates[-1]["output"]["bytesize"], job.trace_log.size)
        self.assertIn(413, [e.status for e in self.gitlab.requests("trace", job)])

    def test_a_log_that_is_refused_does_not_hold_back_the_outcome(self):
        for options in ({"status": 400}, {"status": 405}, {"status": 413}):
            self.gitlab.fault("trace", times=-1, **options)
            job = self.run_job(["echo one", "sleep 12"])
            self.assertEqual(job.status, "success")
            self.assertLess(job.finished - job.started, 30)
            self.daemons[0].wait_log(f"refuses the job's log.*job={job.id}")
            self.gitlab.faults.clear()
        self.assert_success(self.run_job("echo two"))

    def test_heartbeat_of_a_silent_job(self):
        job = self.add_job(["echo started", "sleep 40"])
        self.finish(job, 80)
        contacts = [e.started for e in self.gitlab.requests(job=job)]
        self.assertLess(max(b - a for a, b in zip(contacts, contacts[1:])), 35)

    def test_update_interval_of_the_server_is_obeyed(self):
        job = self.run_job(["for i in $(seq 1 60); do echo $i; sleep 0.1; done"],
                           update_interval=2)
        times = [p.time for p in job.patches]
        self.assertLessEqual(len(times), 7)

    def test_checksum_and_size(self):
        job = self.run_job("seq 1 1000")
        final = job.updates[-1]
        self.assertEqual(final["output"], {"checksum": job.trace_log.checksum(),
                                           "bytesize": job.trace_log.size})

    def test_debug_trace(self):
        job = self.run_job("echo one", variables={"CI_DEBUG_TRACE": "true"})
        self.assert_success(job)
        self.assertTrue(job.debug_trace)
        self.assertRegex(job.text, r"\n\++ echo one\n")


if __name__ == "__main__":
    unittest.main()
