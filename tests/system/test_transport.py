"""TLS, client certificates, proxies, relative roots, redirects, unreachable addresses."""

import subprocess
import unittest

from tests.system.harness import SystemCase
from tests.system.proxy import Proxy


class Tls(SystemCase):
    gitlab_options = {"tls": True}

    def test_own_ca(self):
        own = self.directory / "authorities.pem"
        own.write_text("# authorities of the company\n" + open(self.gitlab.ca_file, encoding="ascii").read())
        self.start_with({"tls-ca-file": str(own)})
        job = self.run_job(['cat "$CI_SERVER_TLS_CA_FILE"'])
        self.assert_success(job)
        self.assertIn("\n# authorities of the company\n-----BEGIN CERTIFICATE-----", job.text)

    def test_ca_beside_the_config(self):
        certs = self.config.parent / "certs"
        certs.mkdir()
        (certs / "127.0.0.1.crt").write_bytes(open(self.gitlab.ca_file, "rb").read())
        self.start_with()
        self.assert_success(self.run_job("true"))

    def test_register_finds_the_ca_beside_the_config(self):
        certs = self.config.parent / "certs"
        certs.mkdir()
        (certs / "127.0.0.1.crt").write_bytes(open(self.gitlab.ca_file, "rb").read())
        done = self.command("register", "--non-interactive", "--executor", "shell", "--url",
                            self.gitlab.url, "--token", self.gitlab.add_runner().token)
        self.assertEqual(done.code, 0, done.text)

    def test_register_says_that_a_ca_file_is_missing(self):
        done = self.command("register", "--non-interactive", "--executor", "shell", "--url",
                            self.gitlab.url, "--token", self.gitlab.add_runner().token,
                            "--tls-ca-file", "/nonexistent/ca.pem")
        self.assertEqual(done.code, 1)
        self.assertIn("/nonexistent/ca.pem", done.text)
        self.assertIn("No such file or directory", done.text)

    def test_unknown_authority_is_named(self):
        self.write_config()
        daemon = self.start(wait=False)
        match = daemon.wait_log("(?i)certificate")
        self.assertTrue(match)
        self.assertIn("127.0.0.1", daemon.log)
        self.assertEqual(self.gitlab.requests("request"), [])

    def test_wrong_host_name_is_refused(self):
        done = self.command("register", "--non-interactive", "--executor", "shell", "--url",
                            self.gitlab.url.replace("127.0.0.1", "127.0.0.2"), "--token",
                            self.gitlab.add_runner().token, "--tls-ca-file", self.gitlab.ca_file)
        self.assertNotEqual(done.code, 0)
        self.assertEqual(self.gitlab.exchanges, [])

    def test_register_keeps_the_ca(self):
        done = self.command("register", "--non-interactive", "--executor", "shell", "--url",
                            self.gitlab.url, "--token", self.gitlab.add_runner().token,
                            "--tls-ca-file", self.gitlab.ca_file)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.read_config()["runners"][0]["tls-ca-file"], self.gitlab.ca_file)

    def test_git_and_log_over_tls(self):
        source = self.directory / "source"
        source.mkdir()
        (source / "file.txt").write_text("content\n")
        project = self.gitlab.add_project("group/demo", str(source))
        self.start_with({"tls-ca-file": self.gitlab.ca_file})
        job = self.run_job("cat file.txt", project=project)
        self.assert_success(job)
        self.assertIn("\ncontent\n", job.text)

    def test_a_missing_ca_file_is_named(self):
        self.write_config([{"tls-ca-file": "/nonexistent/ca.pem"}])
        daemon = self.start(wait=False)
        daemon.wait_log("/nonexistent/ca.pem")


class ClientCertificate(SystemCase):
    gitlab_options = {"tls": True, "client_cert": True}

    def files(self):
        made = self.gitlab.certificates
        return {"tls-ca-file": made.ca, "tls-cert-file": made.client_cert,
                "tls-key-file": made.client_key}

    def test_the_client_certificate_is_sent(self):
        self.allowed.add("unknown_route")  # the script asks for a page that is not there
        self.start_with(self.files())
        job = self.run_job(["head -1 $CI_SERVER_TLS_CERT_FILE; stat -c %a $CI_SERVER_TLS_KEY_FILE",
                            "curl -s --cacert $CI_SERVER_TLS_CA_FILE --cert $CI_SERVER_TLS_CERT_FILE --key "
                            "$CI_SERVER_TLS_KEY_FILE -o /dev/null -w 'says %{http_code}\\n' $CI_SERVER_URL"])
        self.assert_success(job)
        self.assertIn("\n-----BEGIN CERTIFICATE-----\n600\n", job.text)
        self.assertRegex(job.text, r"\nsays \d\d\d\n")
        self.assertNotIn("PRIVATE KEY", job.text)

    def test_the_refusal_without_a_client_certificate_is_logged(self):
        self.write_config([{"tls-ca-file": self.gitlab.ca_file}])
        daemon = self.start(wait=False)
        daemon.wait_log("(?i)certificate|handshake|tls")
        self.assertEqual(self.gitlab.requests("request"), [])

    def test_changed_files_are_read_again(self):
        files = self.files()
        copy = self.directory / "client.pem"
        copy.write_bytes(b"not a certificate")
        self.write_config([{**files, "tls-cert-file": str(copy)}])
        daemon = self.start(wait=False)
        daemon.wait_log(r"client\.pem")
        copy.write_bytes(open(files["tls-cert-file"], "rb").read())
        daemon.send(1)  # a configuration error marks the entry unhealthy until a reload
        self.assert_success(self.run_job("true"))


class RelativeRoot(SystemCase):
    gitlab_options = {"root": "/gitlab"}

    def test_every_call_is_below_the_root(self):
        done = self.command("register", "--non-interactive", "--executor", "shell", "--url",
                            self.gitlab.url + "/", "--token", self.gitlab.add_runner().token)
        self.assertEqual(done.code, 0, done.text)
        self.start()
        self.assert_success(self.run_job("true"))
        self.assertTrue(all(e.path.startswith("/gitlab/api/v4/") for e in self.gitlab.exchanges))


class Proxies(SystemCase):
    def test_http_proxy(self):
        with Proxy() as proxy:
            self.write_config([{"url": "http://gitlab.invalid"}])
            daemon = self.start(env={"HTTP_PROXY": proxy.url}, wait=False)
            self.gitlab.wait(lambda: proxy.seen, 20, "a request at the proxy")
            self.assertEqual(proxy.seen[0], "POST http://gitlab.invalid/api/v4/jobs/request")
            daemon.stop()

    def test_a_job_through_the_proxy(self):
        # A host name, because requests for loopback addresses never go through a proxy (as in Go's net/http).
        self.gitlab.set_external_url(f"http://gitlab.invalid:{self.gitlab.port}")
        with Proxy() as proxy:
            self.write_config()
            self.start(env={"http_proxy": proxy.url})
            self.assert_success(self.run_job("true"))
            self.assertTrue(proxy.seen)

    def test_loopback_is_never_asked_of_the_proxy(self):
        with Proxy() as proxy:
            self.write_config()
            self.start(env={"http_proxy": proxy.url})
            self.assert_success(self.run_job("true"))
            self.assertEqual(proxy.seen, [])

    def test_no_proxy(self):
        self.gitlab.set_external_url(f"http://gitlab.invalid:{self.gitlab.port}")
        with Proxy() as proxy:
            self.write_config()
            daemon = self.start(env={"HTTP_PROXY": proxy.url, "NO_PROXY": "other,.invalid"}, wait=False)
            daemon.wait_log("(?i)gitlab.invalid.*(resolve|not known|not found)")
            self.assertEqual(proxy.seen, [])


class ProxyTls(SystemCase):
    gitlab_options = {"tls": True, "external_url": "https://gitlab.invalid"}

    def test_https_goes_through_a_tunnel(self):
        self.gitlab.set_external_url(f"https://gitlab.invalid:{self.gitlab.port}")
        with Proxy() as proxy:
            self.write_config([{"tls-ca-file": self.gitlab.ca_file}])
            self.start(env={"HTTPS_PROXY": proxy.url})
            self.assert_success(self.run_job("true"))
            self.assertTrue(proxy.seen)
            self.assertTrue(all(s == f"CONNECT gitlab.invalid:{self.gitlab.port}" for s in proxy.seen),
                            proxy.seen)


class Redirects(SystemCase):
    def test_308_repeats_method_and_body(self):
        self.gitlab.fault("request", status=308, headers={
            "Location": f"{self.gitlab.url}/api/v4/jobs/request"})
        job = self.add_job("true")
        self.start_with(check_interval=20)
        self.assert_success(self.finish(job, 15))

    def test_loops_end(self):
        self.gitlab.fault("request", status=307, times=30, headers={
            "Location": f"{self.gitlab.url}/api/v4/jobs/request"})
        self.start_with()
        self.assert_success(self.run_job("true"))

    def test_tokens_are_not_sent_to_another_host(self):
        with_other = self.gitlab.__class__()
        with with_other as other:
            self.gitlab.fault("request", status=307, headers={
                "Location": f"http://localhost:{other.port}/api/v4/jobs/request"})
            self.start_with()
            self.gitlab.wait_exchange("request", 2)
            for seen in other.exchanges:
                self.assertIsNone(seen.header("Runner-Token"))


class Connections(SystemCase):
    def test_kept_alive_while_polling(self):
        self.start_with()
        self.gitlab.wait_exchange("request", 4)
        self.assertEqual(len({e.connection for e in self.gitlab.requests("request")[:4]}), 1)

    def test_closed_when_old(self):
        self.start_with(connection_max_age="2s")
        self.gitlab.wait_exchange("request", 6)
        self.assertGreater(len({e.connection for e in self.gitlab.requests("request")[:6]}), 1)

    def test_ipv6(self):
        with self.gitlab.__class__(host="::1") as other:
            runner = other.add_runner()
            job = other.add_job("echo six")
            self.write_config([{"url": other.url, "token": runner.token}])
            self.start(wait=False)
            other.wait_finished(job)
            self.assertEqual(job.status, "success")
            self.daemons[0].stop()


if __name__ == "__main__":
    unittest.main()
