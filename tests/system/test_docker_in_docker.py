"""Docker-in-Docker as pipelines write it: engines as services, variables of the docker client, images with an engine."""

import unittest

from tests.system.docker_harness import DockerCase, image

VERSION = "docker version --format 'server {{.Server.Version}}'"
CERTIFICATES = ["/certs/client", "/cache"]


class ClientImage(DockerCase):
    """An image like docker:cli, whose ENTRYPOINT looks for what the service has made."""

    image_name = "dind"
    privileged = True

    def run_with_service(self, script, **spec):
        return self.run_job(
            script, timeout=120, patience=120,
            image={"name": image("dind"), "entrypoint": ["docker-entrypoint.sh"]},
            services=[{"name": image("dind"), "alias": "docker"}], **spec)

    def test_the_first_job_finds_the_certificates_of_the_service(self):
        self.start_docker(volumes=CERTIFICATES)
        job = self.run_with_service(["echo host=$DOCKER_HOST", VERSION],
                                    variables={"DOCKER_TLS_CERTDIR": "/certs"})
        self.assert_success(job)
        self.assertIn("\nhost=tcp://docker:2376\n", job.text)
        self.assertRegex(job.text, r"\nserver \d+\.")

    def test_the_first_job_uses_tls_with_an_address_of_its_own(self):
        self.start_docker(volumes=CERTIFICATES)
        job = self.run_with_service(VERSION, variables={"DOCKER_HOST": "tcp://docker:2376",
                                                        "DOCKER_TLS_CERTDIR": "/certs"})
        self.assert_success(job)
        self.assertNotIn("probably didn't start properly", job.text)


if __name__ == "__main__":
    unittest.main()
