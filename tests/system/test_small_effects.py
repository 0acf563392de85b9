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


class Endpoint(SystemCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.start_with(listen_address=f"127.0.0.1:{self.port}")

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

    def test_inputs_and_the_queue_are_counted(self):
        name = {"key": "name", "value": {"type": "string", "content": "bob", "sensitive": False}}
        self.assert_success(self.run_job("echo ${{ job.inputs.name }}", inputs=[name]))
        self.assertEqual(self.value("gitlab_runner_job_inputs_interpolations_total"), 1)
        self.assertEqual(self.value("gitlab_runner_job_queue_duration_seconds_count"), 1)
        self.run_job("echo ${{ job.inputs.other }}", inputs=[name])
        self.assertEqual(self.value("gitlab_runner_job_inputs_interpolation_failures_total"), 1)


if __name__ == "__main__":
    unittest.main()
