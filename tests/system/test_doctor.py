"""`runner doctor` on set-ups that were broken on purpose: each has one line with the right remedy."""

import base64
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from tests.system.docker_harness import DockerCase, Registry, docker, image
from tests.system.harness import BIN, PATIENCE, Output, SystemCase, need

ARROW = " → "
# The probe of the packets' size begins a request and never ends it; this server takes it for one.
PACKETS = "unknown_route"


class DoctorCase(SystemCase):
    def doctor(self, *arguments, code=1, timeout=60, **options):
        done = self.command("doctor", *arguments, timeout=timeout, **options)
        self.assertEqual(done.code, code, done.text)
        self.assert_no_token(done.text)
        self.assertNotIn("environment is ready", done.stderr)
        return done.stdout

    def assert_no_token(self, text):
        for runner in self.gitlab.runners:
            self.assertNotIn(runner.token, text)
        self.assertNotIn(self.gitlab.private_token, text)

    def assert_line(self, output, state, check, seen, remedy=""):
        """Exactly one line, whatever the width of the column with the checks' names."""
        wanted = f"  {state:7}  {check} {seen}{ARROW + remedy if remedy else ''}"
        lines = [re.sub(r"^(  \w+ +\S+) +", r"\1 ", line) for line in output.splitlines()]
        lines = [re.sub(r"^  (\w+) +", lambda found: f"  {found[1]:7}  ", line) for line in lines]
        self.assertEqual(lines.count(wanted), 1, f"{wanted}\nis not one line of\n{output}")


class Servers(DoctorCase):
    """What is between this machine and GitLab. The executor is shell, so no engine is needed."""

    def test_wrong_token(self):
        self.write_config([{"token": "glrt-t1_" + "x" * 20}])
        self.assert_line(self.doctor("--only", "token"), "problem", "token",
                         '"test": GitLab refuses the token (403)',
                         "runner register again with a token of GitLab's page for this runner")

    def test_paused_runner(self):
        runner = self.gitlab.add_runner(paused=True)
        self.write_config([{"token": runner.token}])
        token = self.directory / "access"
        token.write_text(self.gitlab.private_token)
        token.chmod(0o600)
        self.assert_line(self.doctor("--only", "paused", "--access-token-file", str(token)),
                         "problem", "paused", f'"test" (id {runner.id}) is paused: it gets no jobs',
                         "resume it in GitLab: Settings > CI/CD > Runners")

    def test_without_an_access_token_nobody_knows_whether_a_runner_is_paused(self):
        self.write_config()
        self.assert_line(self.doctor("--only", "paused", code=0), "skipped", "paused",
                         '"test": GitLab tells only its users',
                         "look in GitLab: Settings > CI/CD > Runners; or --access-token-file FILE")

    def test_an_access_token_goes_to_one_server_only(self):
        self.write_config([{}, {"name": "other", "url": "http://127.0.0.1:9"}])
        token = self.directory / "access"
        token.write_text(self.gitlab.private_token)
        token.chmod(0o600)
        output = self.doctor("--only", "paused", "--access-token-file", str(token), code=0)
        for name in ("test", "other"):
            self.assert_line(output, "skipped", "paused",
                             f'"{name}": the access token is for one server only',
                             "runner doctor --runner NAME --access-token-file FILE")
        self.assertEqual(self.gitlab.requests("api"), [])

    def test_clock_that_is_hours_off(self):
        self.write_config()
        later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3 * 3600 + 90))
        self.gitlab.fault("api", "answer", times=-1, headers={"Date": later})
        self.assert_line(self.doctor("--only", "clock"), "problem", "clock",
                         "this machine's clock is 3 h 1 min behind GitLab's",
                         "timedatectl set-ntp true, on the machine whose clock is wrong")

    def test_dead_proxy(self):
        self.write_config([{"url": "http://gitlab.invalid"}])
        output = self.doctor("--only", "proxy", env={"HTTP_PROXY": "http://user:word@127.0.0.1:9"})
        self.assert_line(output, "problem", "proxy", "the proxy 127.0.0.1:9: Connection refused",
                         "repair it, or correct HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the service")
        self.assertNotIn("word", output)

    def test_dead_server(self):
        self.write_config([{"url": "http://127.0.0.1:9"}])
        self.assert_line(self.doctor("--only", "gitlab", "--no-job"), "problem", "gitlab",
                         "http://127.0.0.1:9: nothing listens there",
                         "start GitLab, or correct url in [[runners]]")

    def test_a_check_that_does_not_exist_is_no_health(self):
        self.write_config()
        done = self.command("doctor", "--only", "tokn")
        self.assertEqual(done.code, 1)
        self.assertIn("--only tokn: there is no such check here; there are config, daemon", done.text)

    def test_json(self):
        self.write_config([{"token": "glrt-t1_" + "x" * 20}])
        report = json.loads(self.doctor("--only", "token", "--format", "json"))
        self.assertEqual(report["summary"], {"problem": 1, "warning": 0, "ok": 0, "skipped": 0})
        self.assertEqual([(f["place"], f["check"], f["state"]) for f in report["findings"]],
                         [("host", "token", "problem")])


class BrokenFile(DoctorCase):
    def test_a_program_gets_json_also_for_a_file_that_is_no_toml(self):
        self.config.write_text("[[runners]\n")
        done = self.command("doctor", "--format", "json")
        findings = json.loads(done.stdout)["findings"]
        self.assertEqual((done.code, [finding["check"] for finding in findings]), (1, ["config"]))
        self.assertIn("config.toml:1:", findings[0]["seen"])
        done = self.command("config", "lint", "--format", "json")
        answer = json.loads(done.stdout)
        self.assertEqual((done.code, answer["valid"]), (1, False))
        finding = answer["findings"][0]
        self.assertEqual((finding["line"], finding["column"] > 1), (1, True))
        self.assertTrue(finding["text"].startswith("not valid TOML: "), finding)


class Certificate(DoctorCase):
    gitlab_options = {"tls": True, "certificate_days": -1}

    def test_expired_certificate(self):
        self.write_config([{"tls-ca-file": self.gitlab.ca_file}])
        output = self.doctor("--only", "gitlab", "--no-job")
        self.assertRegex(output, r"problem +gitlab +.*\(certificate has expired: that of the server \"CN=127\.0\.0\.1\" on \d{4}-")
        self.assertNotIn("Test Authority", output)
        self.assertIn("renew the certificate of the server; see clock, too", output)


class ExpiredAuthority(DoctorCase):
    gitlab_options = {"tls": True, "authority_days": -1}

    def test_is_named(self):
        self.write_config([{"tls-ca-file": self.gitlab.ca_file}])
        output = self.doctor("--only", "gitlab", "--no-job")
        self.assertRegex(output, r"problem +gitlab +.*\(certificate has expired: that of the authority \"CN=Test Authority\" on \d{4}-")
        self.assertNotIn("of the server", output)
        self.assertIn("renew the authority's certificate on the server, and in tls-ca-file of [[runners]]; see clock, too", output)


class CertificateThatEnds(DoctorCase):
    gitlab_options = {"tls": True, "certificate_days": 5}

    def test_is_told_before(self):
        self.write_config([{"tls-ca-file": self.gitlab.ca_file}],
                          status={"tls_cert_file": self.gitlab.ca_file, "tls_key_file": self.gitlab.ca_file})
        output = self.doctor("--only", "certificate", "--no-job", code=0)
        self.assertRegex(output, rf"warning +certificate +{re.escape(self.gitlab.url)}: the certificate ends in \d+ days, on \d{{4}}-")
        self.assertRegex(output, r"certificate +tls_cert_file of \[status\] .*: the certificate ")


class CertificateInAJob(DoctorCase):
    gitlab_options = {"tls": True}

    def test_a_job_trusts_it_with_the_authority_that_it_gets(self):
        need(shutil.which("curl") is not None, "curl")
        self.write_config([{"tls-ca-file": self.gitlab.ca_file}])
        self.assert_line(self.doctor("--only", "job/certificate", code=0), "ok", "certificate",
                         "a program of the job trusts GitLab's certificate")


class TokenRegistry:
    """A registry that gives tokens to the user ci, who may not push. Use as a context manager."""

    password = "pass-of-ci"

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                given = self.headers.get("Authorization", "")
                if self.path.startswith("/token?service=test"):
                    right = base64.b64encode(f"ci:{outer.password}".encode()).decode()
                    self.answer(200 if given == f"Basic {right}" else 401, b'{"token": "opaque"}')
                elif given != "Bearer opaque":
                    self.answer(401, b"{}", {"WWW-Authenticate":
                                             f'Bearer realm="{outer.url}/token",service="test"'})
                else:
                    self.answer(200 if self.path == "/v2/" else 403, b"{}")

            do_POST = do_HEAD = do_GET

            def answer(self, status, body, headers=()):
                self.send_response(status)
                for name, value in {**dict(headers), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *ignored):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *ignored):
        self._server.shutdown()
        self._server.server_close()


class Registries(DoctorCase):
    def check_login(self, registry, password, code):
        file = self.directory / "password"
        file.write_text(password)
        self.write_config([{"registry": [{"host": registry.host, "http": True, "username": "ci",
                                          "password_file": str(file)}]}])
        output = self.doctor("--only", "registry", "--no-job", code=code)
        self.assertNotIn(password, output)
        return output

    def test_wrong_login(self):
        with TokenRegistry() as registry:
            self.assert_line(self.check_login(registry, "something-else", 1), "problem", "registry",
                             f'{registry.host}: the login of "ci" is refused',
                             "correct username and password_file in [[runners.registry]]")

    def test_login_that_may_not_push(self):
        with TokenRegistry() as registry:
            self.assert_line(self.check_login(registry, registry.password, 0), "warning", "registry",
                             f"{registry.host}: answers; a push to runner-doctor is not allowed",
                             f"runner doctor --repository {registry.host}/GROUP/PROJECT, which it "
                             "may write")

    def test_dead_registry(self):
        self.write_config([{"registry": [{"host": "127.0.0.1:9", "http": True}]}])
        self.assert_line(self.doctor("--only", "registry", "--no-job"), "problem", "registry",
                         "127.0.0.1:9: nothing listens there",
                         "start the registry, or correct host, address and http in "
                         "[[runners.registry]]")


def unshared(*mounts):
    """A wrapper: the program in a mount namespace of its own, after these mounts."""
    return ("unshare", "--mount", "sh", "-ec", "; ".join([*mounts, 'exec "$@"']), "sh")


class Machine(DoctorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(os.geteuid() == 0, "root, to make mounts and networks")

    def test_full_disk(self):
        self.write_config()
        state = self.config.parent / ".runner-state"
        state.mkdir()
        output = self.doctor("--only", "host/disk",
                             wrapper=unshared(f"mount -t tmpfs -o size=1m,nr_inodes=64 none {state}"))
        self.assert_line(output, "problem", "disk",
                         f"{state}: 1.0 MB of 1.0 MB free, 63 of 64 inodes",
                         "free space there: the daemon keeps the logs of running jobs in it")

    def test_no_cgroups(self):
        self.write_config()
        output = self.doctor("--only", "host/cgroups",
                             wrapper=unshared("mount -t tmpfs none /sys/fs/cgroup"))
        self.assert_line(output, "problem", "cgroups", "no cgroups are mounted at /sys/fs/cgroup",
                         "mount -t cgroup2 none /sys/fs/cgroup")


# Since Linux 6.7 a user namespace may have interpreters of its own, and begins with none.
BINFMT = "/proc/sys/fs/binfmt_misc"
NO_BINFMT = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec",
             f'mount -t binfmt_misc none {BINFMT}; exec "$@"', "sh")


class Platforms(DoctorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        seen = subprocess.run([*NO_BINFMT, "ls", BINFMT], capture_output=True, text=True, check=False)
        need(seen.stdout.split() == ["register", "status"], "a kernel with a binfmt_misc for each user namespace, which is "
             f"Linux 6.7 or later, not {os.uname().release}: {seen.stderr.strip() or seen.stdout.strip()}")

    def test_no_binfmt(self):
        self.write_config()
        output = self.doctor("--only", "host/platforms", code=0, wrapper=NO_BINFMT)
        self.assert_line(output, "warning", "platforms",
                         "programs for linux/arm64 do not run: binfmt_misc has no interpreter",
                         "runner doctor --fix, or apt-get install qemu-user-static on the "
                         "engine's machine")

    def test_fix_registers_the_interpreters(self):
        need(Path("/usr/bin/qemu-aarch64-static").exists(), "qemu-user-static")
        self.write_config()
        output = self.doctor("--fix", "--only", "host/platforms", code=0, wrapper=NO_BINFMT)
        self.assertRegex(output, r"\n  ok +platforms  programs run for linux on amd64, .*arm64")


class NarrowNetwork:
    """A network namespace whose way to this machine drops packets of more than `mtu` bytes without a word, as a
    tunnel does whose ICMP is filtered. Use as a context manager."""

    def __init__(self, mtu):
        self.mtu = mtu
        self.mark = f"rd{os.getpid() % 100000}"
        self.near, self.router = self.mark + "a", self.mark + "r"
        self.address = "10.231.2.2"

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make(self):
        end = self.mark + "h"
        for words in (
                f"netns add {self.near}", f"netns add {self.router}",
                f"link add near netns {self.near} type veth peer name side netns {self.router}",
                f"link add far netns {self.router} type veth peer name {end}",
                f"-n {self.near} addr add 10.231.1.2/24 dev near",
                f"-n {self.router} addr add 10.231.1.1/24 dev side",
                f"-n {self.router} addr add 10.231.2.1/24 dev far",
                f"addr add {self.address}/24 dev {end}",
                f"-n {self.near} link set lo up", f"-n {self.near} link set near up",
                # A veth drops what is larger than its own MTU when it receives it.
                f"-n {self.router} link set side mtu {self.mtu} up",
                f"-n {self.router} link set far up", f"link set {end} up",
                f"-n {self.near} route add default via 10.231.1.1",
                "route add 10.231.1.0/24 via 10.231.2.1",
                f"netns exec {self.router} sysctl -qw net.ipv4.ip_forward=1"):
            done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
            need(done.returncode == 0, f"network namespaces (ip {words}: {done.stderr.strip()})")

    def __exit__(self, *ignored):
        for name in (self.near, self.router):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    @property
    def wrapper(self):
        return ("ip", "netns", "exec", self.near)


class Network(DoctorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(os.geteuid() == 0 and shutil.which("ip") is not None, "root and the program ip")

    def test_wrong_mtu(self):
        self.gitlab.close()
        with NarrowNetwork(1400) as network:
            self.gitlab = type(self.gitlab)(host=network.address).start()
            self.allowed.add(PACKETS)
            self.write_config()
            output = self.doctor("--only", "host/mtu", wrapper=network.wrapper)
            self.assert_line(output, "problem", "mtu",
                             f"packets of 1500 bytes do not arrive at {network.address}:"
                             f"{self.gitlab.port}, those of 1400 do",
                             "ip link set dev near mtu 1400")
            # The remedy helps.
            subprocess.run(["ip", "-n", network.near, "link", "set", "dev", "near", "mtu", "1400"],
                           check=True)
            output = self.doctor("--only", "host/mtu", code=0, wrapper=network.wrapper)
            self.assert_line(output, "ok", "mtu", "packets of 1400 bytes arrive at "
                             f"{network.address}:{self.gitlab.port}")
            self.gitlab.close()


class Healthy(DockerCase, DoctorCase):
    """A runner for image builds, as README describes it."""

    image_name = "dind"
    images = ("buildkit",)
    privileged = True

    def test_every_check_is_ok(self):
        with Registry(str(self.directory / "registry"), 5115) as registry:
            host = f"{registry.address}:{registry.port}"
            self.start_docker({"dind": {"builder_image": image("buildkit")},
                               "registry": [{"host": host, "http": True}]}, volumes=["/var/lib/docker"])
            token = self.directory / "access"
            token.write_text(self.gitlab.private_token)
            token.chmod(0o600)
            self.allowed.add(PACKETS)
            output = self.doctor("--access-token-file", str(token), code=0, timeout=170)
        states = re.findall(r"^  (problem|warning|ok|skipped) +(\S+)  (.*)", output, re.MULTILINE)
        self.assertEqual([row for row in states if row[0] in ("problem", "warning")], [], output)
        # Nothing is set that these could look at; a registry of this address is not for the host's engine.
        self.assertEqual({row[1] for row in states if row[0] == "skipped"}, {"proxy", "dns", "registry"}, output)
        for heading in ("Host", "Docker engine ", 'Job of the runner "test"',
                        'Engine inside of the job of "test"', 'Builder of the job of "test"'):
            self.assertRegex(output, rf"(?m)^{re.escape(heading)}")
        for place in ("Engine inside", "Builder"):
            self.assertRegex(output, rf"(?m)^{place} of the job of .*\n(?:  .*\n)*  ok +registry +{re.escape(host)}: push and pull work$")
        self.assertRegex(output, r"(?m)^Engine inside of the job of .*\n(?:  .*\n)*  ok +disk +/var/lib/docker: ")
        self.assert_line(output, "ok", "registry", f"{host}: login, push and pull work")

    def test_dead_proxy_of_jobs(self):
        self.start_docker({"dind": {"builder_image": image("buildkit")},
                           "environment": ["HTTP_PROXY=http://user:word@127.0.0.1:9",
                                           f"NO_PROXY={self.gitlab.host}"]})
        self.allowed.add(PACKETS)
        output = self.doctor("--only", "proxy", timeout=170)
        self.assertNotIn("word", output)
        for place in ("Job", "Engine inside", "Builder"):
            self.assertRegex(output, rf"(?m)^{place} of the .*\n(?:  .*\n)*"
                             r"  problem +proxy +the proxy 127.0.0.1:9: Connection refused" + ARROW)


def objects_of_local_jobs():
    found = []
    for kind in ("ps -a", "volume ls", "network ls"):
        found += docker(*kind.split(), "-q", "--filter",
                        "label=com.gitlab.gitlab-runner.runner.system_id=local").split()
    return set(found)


class Interrupted(DockerCase, DoctorCase):
    image_name = "dind"
    privileged = True
    runner_options = {"dind": {"builder": False}}

    def test_an_interrupt_leaves_nothing(self):
        before = objects_of_local_jobs()
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings(),
                            **self.runner_options}])
        process = subprocess.Popen([str(BIN), "doctor", "--config", str(self.config)],
                                   env=self.environment(), cwd=self.work, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.allowed.add(PACKETS)
        output = Output(process.stdout)
        deadline = time.monotonic() + 60 * PATIENCE
        while not set(docker("ps", "-q").split()) & (objects_of_local_jobs() - before):
            self.assertLess(time.monotonic(), deadline, "the doctor's job has no container")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60 * PATIENCE), 128 + signal.SIGINT, output.join())
        self.assertEqual(objects_of_local_jobs() - before, set())
        self.assertRegex(output.join(), r"\n  ok +gitlab ")  # what was found until then


class Leftovers(DockerCase, DoctorCase):
    image_name = "busybox"

    def test_fix_removes_containers_of_dead_jobs(self):
        self.write_config([{"token": self.registered.token, "docker": self.docker_settings()}])
        self.command("verify")  # makes the system id
        system_id = (self.config.parent / ".runner_system_id").read_text().strip()
        prefix = "com.gitlab.gitlab-runner."
        name = f"runner-{self.short.lower()}-leftover"
        other = f"runner-of-another-daemon-{self.short.lower()}"
        for container, runner in ((name, self.short), (other, "another")):
            docker("create", "--name", container, "--label", f"{prefix}managed=true", "--label",
                   f"{prefix}runner.system_id={system_id}", "--label", f"{prefix}job.id=7", "--label",
                   f"{prefix}runner.id={runner}", image("busybox"))
            self.addCleanup(docker, "rm", "-f", container, check=False)
        self.assert_line(self.doctor("--only", "leftovers", code=0), "warning", "leftovers",
                         "1 containers of jobs that nobody carries on",
                         "runner doctor --fix, or start the daemon, which removes them")
        output = self.doctor("--only", "leftovers", "--fix", code=0)
        self.assertRegex(output, r"ok +leftovers  removed \d+ containers, networks and volumes")
        self.assertEqual(docker("ps", "-aq", "--filter", f"name={name}"), "")
        self.assertNotEqual(docker("ps", "-aq", "--filter", f"name={other}"), "")
        docker("rm", "-f", other)


if __name__ == "__main__":
    unittest.main()
