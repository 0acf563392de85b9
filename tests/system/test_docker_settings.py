"""Keys of [runners.docker] and feature flags whose effect only an engine shows."""

import unittest

from tests.system.docker_harness import DockerCase, docker, image


class Settings(DockerCase):
    images = ("dind",)

    def host_config(self, job):
        """What the engine was asked for. The script prints `started` and goes on for a while."""
        self.wait_trace(job, "started\n")
        return self.containers(all=False)[0]["HostConfig"]

    def test_network_of_the_host(self):
        self.start_docker(network_mode="host")
        job = self.add_job(["echo started", "sleep 2"])
        self.assertEqual(self.host_config(job)["NetworkMode"], "host")
        self.assert_success(self.finish(job))

    def test_mtu_of_a_jobs_own_network(self):
        self.start_docker(runner={"feature_flags": {"FF_NETWORK_PER_BUILD": True}}, network_mtu=1380)
        job = self.run_job("cat /sys/class/net/eth0/mtu")
        self.assert_success(job)
        self.assertIn("\n1380\n", job.text)

    def test_options_of_the_volume_driver(self):
        self.start_docker(volume_driver="local",
                          volume_driver_ops={"type": "tmpfs", "device": "tmpfs", "o": "size=1m"})
        job = self.run_job("grep -c '^tmpfs /cache tmpfs' /proc/mounts")
        self.assert_success(job)
        self.assertIn("\n1\n", job.text)

    def test_a_service_of_the_configuration(self):
        self.start_docker(services=[{"name": image("debian"), "alias": "first second",
                                     "entrypoint": ["/bin/sh", "-c"], "environment": ["TEXT=from the configuration"],
                                     "command": ["echo said $TEXT; sleep 300"]}],
                          wait_for_services_timeout=-1)
        job = self.add_job(["getent hosts first second", "echo started", "sleep 300"],
                           variables={"CI_DEBUG_SERVICES": "true"})
        self.wait_trace(job, "said from the configuration")
        self.wait_trace(job, "started\n")
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertRegex(job.text, r"(?m)^[0-9.]+ +first$")
        self.assertRegex(job.text, r"(?m)^[0-9.]+ +second$")

    def test_anonymous_volumes_may_stay(self):
        """docker:dind declares one."""
        self.start_docker(runner={"dind": {"mode": "off"}}, image=image("dind"), volume_keep=True)
        job = self.add_job(["echo started", "sleep 2"])
        self.wait_trace(job, "started\n")
        mounts = self.containers(all=False)[0]["Mounts"]
        kept = [m["Name"] for m in mounts if m["Destination"] == "/var/lib/docker"]
        self.assert_success(self.finish(job))
        self.assert_engine_clean()
        self.assertEqual(len(kept), 1)
        self.assertIn(kept[0], docker("volume", "rm", kept[0]))

    def test_an_init_program(self):
        self.start_docker(runner={"feature_flags": {"FF_USE_INIT_WITH_DOCKER_EXECUTOR": True}})
        job = self.add_job(["echo started", "sleep 2"])
        self.assertIs(self.host_config(job)["Init"], True)
        self.assert_success(self.finish(job))

    def test_the_umask_of_the_runners_own_scripts(self):
        """Any user may write into the project; the flag switches that off."""
        self.start_docker()
        mode = ["stat -c '%a %n' ."]
        job = self.run_job(mode, variables={"GIT_STRATEGY": "empty"})
        self.assertIn("\n777 .\n", job.text)
        job = self.run_job(mode, variables={"GIT_STRATEGY": "empty",
                                            "FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR": "true"})
        self.assertIn("\n755 .\n", job.text)


if __name__ == "__main__":
    unittest.main()
