"""ssh to a real sshd: an engine whose address is ssh://, and git in the environment of a job."""

import os
import unittest

from tests.system.docker_harness import ENGINE_PATH, DockerCase, bridge_address, image
from tests.system.sshd import SshServer
from tests.system.test_docker_sources import SourcesCase

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


class EngineBehindSsh(DockerCase):
    def start_behind_ssh(self, known=None):
        server = self.enterContext(SshServer("127.0.0.1", ENGINE))
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings(host=server.url())}])
        path = f"{server.client(known)}:{ENGINE_PATH}:{os.environ['PATH']}"
        return server, self.start(env={"PATH": path})

    def test_a_job_on_an_engine_behind_ssh(self):
        server, _ = self.start_behind_ssh()
        job = self.run_job("echo over ssh")
        self.assert_success(job)
        self.assertIn("\nover ssh\n", job.text)
        self.assertIn("Accepted publickey for root", server.log)

    def test_a_host_that_is_not_known_is_said(self):
        self.start_behind_ssh(known="")
        job = self.run_job("true", patience=90)
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("Cannot connect to the Docker daemon at ssh://root@127.0.0.1:", job.text)
        self.assertIn("Host key verification failed.", job.text)


class GitOverSsh(SourcesCase):
    """The runner's git and ssh in an image that has neither, and those of an image that has both."""

    images = ("dind",)

    def test_a_clone_url_and_submodules(self):
        server = self.enterContext(SshServer(bridge_address()))
        leaf = self.commit({"file.txt": "first\n", "leaf.txt": "leaf\n"})
        self.link_submodule("sub", leaf, server.url(self.project.repository))
        self.record()
        (self.directory / "group").mkdir()
        (self.directory / "group" / "project.git").symlink_to(self.project.repository)
        self.start_docker({"clone_url": server.url(self.directory)})
        variables = {"KEY": {"value": server.client_key, "file": True, "public": False},
                     "KNOWN": {"value": server.known_hosts, "file": True}, "GIT_SUBMODULE_STRATEGY": "normal"}
        by_agent = ['eval "$(ssh-agent -s)"', 'ssh-add "$KEY"', "mkdir -p ~/.ssh", 'cp "$KNOWN" ~/.ssh/known_hosts']
        by_option = ['export GIT_SSH_COMMAND="ssh -i $KEY -o UserKnownHostsFile=$KNOWN"']
        for name, lines in (("busybox", by_option), ("dind", by_agent)):
            hook = {"name": "pre_get_sources_script", "script": ['chmod 600 "$KEY"', *lines]}
            job = self.run_here("cat file.txt sub/file.txt", image=image(name), variables=variables,
                                payload={"hooks": [hook]})
            self.assert_success(job)
            self.assertIn("\nfirst\nfirst\n", job.text)
        self.assertGreaterEqual(server.log.count("Accepted publickey for root"), 4)


if __name__ == "__main__":
    unittest.main()
