"""Keys, variables and metrics whose effect is seen in one line."""

import re
import unittest
import urllib.request
import zipfile

from tests.system.harness import SystemCase
from tests.system.test_status import free_port


class Keys(SystemCase):
    def test_log_level(self):
        daemon = self.start_with(log_level="error")
        self.assert_success(self.run_job("true"))
        daemon.stop()
        self.assertNotIn("Configuration loaded", daemon.log)
        self.write_config([{}], log_level="debug")
        daemon = self.start("--log-level", "error")
        daemon.stop()
        self.assertNotIn("Configuration loaded", daemon.log)

    def test_compression_level_of_a_cache(self):
        self.start_with()
        for level, method in (("fastest", zipfile.ZIP_STORED), ("slowest", zipfile.ZIP_DEFLATED)):
            job = self.run_job("seq 20000 > numbers", cache=[{"key": level, "paths": ["numbers"]}],
                               variables={"CACHE_COMPRESSION_LEVEL": level})
            self.assert_success(job)
            with zipfile.ZipFile(next(self.work.glob(f"cache/**/{level}*/cache.zip"))) as archive:
                self.assertEqual(archive.getinfo("numbers").compress_type, method)


    def test_directories(self):
        self.write_config([{"cache_dir": str(self.directory / "caches")}])
        self.start()
        job = self.run_job(["pwd", "echo x > file"], cache=[{"key": "k", "paths": ["file"]}])
        self.assert_success(job)
        self.assertRegex(job.text, rf"(?m)^{self.work}/builds/")
        self.assertEqual(len(list((self.directory / "caches").glob("**/cache.zip"))), 1)


class Flags(SystemCase):
    def outcomes(self, script, flag, values=("false", "true"), **spec):
        """The same job, once for each value of the flag."""
        self.start_with()
        return [self.run_job(script, variables={flag: value}, **spec) for value in values]

    def test_exit_codes_are_checked_without_errexit(self):
        without, checked = self.outcomes(["set +e", "false", "echo reached"], "FF_ENABLE_BASH_EXIT_CODE_CHECK")
        self.assertIn("\nreached\n", without.text)
        self.assert_failed(checked, "script_failure", 1)
        self.assertNotIn("\nreached\n", checked.text)

    def test_sections_of_commands_with_several_lines(self):
        without, sections = self.outcomes("true\ntrue", "FF_SCRIPT_SECTIONS")
        self.assertNotIn(b":section_script_step_", without.trace)
        self.assertIn(b":section_script_step_", sections.trace)

    def test_prefixes_of_all_tokens(self):
        without, masked = self.outcomes("echo gloas-0123456789abcdefghij", "FF_MASK_ALL_DEFAULT_TOKENS")
        self.assertIn("\ngloas-0123456789abcdefghij\n", without.text)
        self.assertIn("\ngloas-[MASKED]\n", masked.text)

    def test_keys_of_caches_are_hashed(self):
        self.outcomes("echo x > file", "FF_HASH_CACHE_KEYS", cache=[{"key": "plain", "paths": ["file"]}])
        keys = sorted(path.parent.name for path in self.work.glob("cache/**/cache.zip"))
        self.assertEqual(len(keys), 2)
        self.assertRegex(keys[0], "^[0-9a-f]{64}$")
        self.assertIn("plain", keys[1])

    def test_the_project_is_cleaned_at_the_end(self):
        self.start_with()
        for value, left in (("false", 1), ("true", 0)):
            job = self.run_job("echo x > left", variables={"FF_ENABLE_JOB_CLEANUP": value, "GIT_STRATEGY": "empty"})
            self.assert_success(job)
            self.assertEqual(len(list(self.work.glob("builds/**/left"))), left)

    def test_downloads_ask_for_a_redirect(self):
        self.start_with()
        first = self.run_job("echo x > file", name="first", artifacts={"paths": ["file"]})
        for value in ("false", "true"):
            job = self.run_job("cat file", dependencies=[first], variables={"FF_USE_DIRECT_DOWNLOAD": value})
            self.assert_success(job)
            asked = self.gitlab.requests("artifacts_download")[-1].query.get("direct_download")
            self.assertEqual(asked, "true" if value == "true" else None)


class Endpoint(SystemCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.start_with({"request_concurrency": 3}, listen_address=f"127.0.0.1:{self.port}")

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def value(self, name):
        return float(re.search(rf"(?m)^{name}(?:{{.*}})? (\S+)$", self.get("/metrics"))[1])

    def test_state_of_the_process(self):
        self.assertEqual(self.get("/debug/process/state"), "running\n")

    def test_figures_of_the_process(self):
        self.assertGreater(self.value("process_max_fds"), self.value("process_open_fds"))
        self.assertGreater(self.value("process_virtual_memory_bytes"), self.value("process_resident_memory_bytes"))

    def test_requests_at_once_are_adapted_unless_the_flag_is_off(self):
        self.assertEqual(self.value("gitlab_runner_request_concurrency_used_limit"), 1)
        self.daemons[-1].stop()
        self.start_with({"request_concurrency": 3, "feature_flags": {"FF_USE_ADAPTIVE_REQUEST_CONCURRENCY": False}},
                        listen_address=f"127.0.0.1:{self.port}")
        self.assertEqual(self.value("gitlab_runner_request_concurrency_used_limit"), 3)

    def test_inputs_and_the_queue_are_counted(self):
        name = {"key": "name", "value": {"type": "string", "content": "bob", "sensitive": False}}
        self.assert_success(self.run_job("echo ${{ job.inputs.name }}", inputs=[name]))
        self.assertEqual(self.value("gitlab_runner_job_inputs_interpolations_total"), 1)
        self.assertEqual(self.value("gitlab_runner_job_queue_duration_seconds_count"), 1)
        self.run_job("echo ${{ job.inputs.other }}", inputs=[name])
        self.assertEqual(self.value("gitlab_runner_job_inputs_interpolation_failures_total"), 1)


if __name__ == "__main__":
    unittest.main()
