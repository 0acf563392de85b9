"""`secrets:`: real jobs and a real OpenBao. The other providers are in tests/unit/runner/secrets."""

import json

from tests.support import openbao
from tests.support.openbao import OpenBao
from tests.system.docker_harness import DockerCase
from tests.system.harness import SystemCase, need

PASSWORD, OLD = "correct-horse-battery-staple", "first\nsecond line of a value"


class WithOpenBao(SystemCase):
    bao_host = "127.0.0.1"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(openbao.program().exists(), "OpenBao (./dev test installs it)")

    def setUp(self):
        super().setUp()
        self.bao = OpenBao(self.directory / "openbao", self.bao_host)
        self.bao.__enter__()
        self.addCleanup(self.bao.__exit__)
        self.bao.set_up()
        self.bao.put("ops/data/app/db", password=PASSWORD, port=5432)
        self.secrets |= {PASSWORD, openbao.ROOT_TOKEN}

    def tearDown(self):
        self.bao.__exit__()
        super().tearDown()

    def start_with_bao(self, **entry):
        return self.start_with({"tls-ca-file": self.bao.ca_file, **entry})

    def job(self, script, secrets, jwt=None, **spec):
        variables = [{"key": "VAULT_SERVER_URL", "value": self.bao.url, "public": True},
                     {"key": "VAULT_ID_TOKEN", "value": jwt or self.bao.identity(), "masked": True}]
        return self.run_job(script, variables=variables, secrets=secrets, **spec)


class Secrets(WithOpenBao):
    def test_values_reach_the_script_and_are_masked(self):
        self.bao.put("old/legacy", value=OLD)
        self.bao.set_up("team")
        self.bao.put("ops/data/app/db", "team", password="of-the-namespace")
        self.start_with_bao()
        job = self.job(
            ['test "$(cat "$DB_PASSWORD")" = correct-horse-battery-staple', 'stat -c "mode %a" "$DB_PASSWORD"',
             'test "$DIRECT" = correct-horse-battery-staple', 'test "$PORT" = 5432',
             'test "$LEGACY" = "$(printf "first\\nsecond line of a value")"', 'test "$TEAM" = of-the-namespace',
             'cat "$DB_PASSWORD"; echo " and $DIRECT"; echo "$LEGACY"; echo "$TEAM"; echo "$VAULT_ID_TOKEN"'],
            {"DB_PASSWORD": self.bao.secret("app/db", "password"),
             "DIRECT": self.bao.secret("app/db", "password", file=False),
             "LEGACY": self.bao.secret("legacy", "value", file=False, engine="kv-v1", engine_path="old"),
             "PORT": self.bao.secret("app/db", "port", file=False),
             "TEAM": self.bao.secret("app/db", "password", file=False, namespace="team")},
            after_script=['test "$DIRECT" = correct-horse-battery-staple && echo after'])
        self.assert_success(job)
        self.assertIn('Resolving secrets\nResolving secret "DB_PASSWORD"...\nUsing "vault" secret resolver...\n',
                      job.text)
        self.assertIn("[MASKED] and [MASKED]\n", job.text)
        self.assertIn("\nmode 600\n", job.text)
        self.assertIn("\nafter\n", job.text)
        for value in (PASSWORD, "second line", "of-the-namespace", "eyJ"):
            self.assertNotIn(value, job.text.replace("second line of a value\")", "").replace(
                "= correct-horse", "").replace("= of-the-namespace", ""))

    def test_the_strings_of_a_json_value_are_masked_alone(self):
        document = {"user": "operator-of-ci", "password": "pass\\word \"quoted\"", "port": 5432, "zone": "eu",
                    "hosts": [{"name": "db.internal.example"}]}
        self.secrets |= {document["user"], document["password"]}
        self.bao.put("ops/data/app/json", value=json.dumps(document))
        self.start_with_bao()
        read = "import json, sys; d = json.load(open(sys.argv[1]))"
        job = self.job([f"python3 -c '{read}; print(d[\"user\"], d[\"zone\"], d[\"port\"])' \"$JSON\"",
                        f"python3 -c '{read}; print(d[\"password\"] + \".\")' \"$JSON\"",
                        f"python3 -c '{read}; print(d[\"hosts\"][0][\"name\"] + \"!\")' \"$JSON\""],
                       {"JSON": self.bao.secret("app/json", "value")})
        self.assert_success(job)
        self.assertIn("\n[MASKED] eu 5432\n", job.text)
        self.assertIn("\n[MASKED].\n", job.text)
        self.assertIn("\n[MASKED]!\n", job.text)

    def test_refusals_say_what_to_do(self):
        self.start_with_bao()
        cases = [
            ({}, {"jwt": self.bao.identity(audience="other")}, "runner_configuration_error",
             'the login at "auth/gitlab/login" as "ci" was refused: 400 Bad Request'),
            ({"role": "nobody"}, {}, "runner_configuration_error", 'as "nobody" was refused: 400'),
            ({"path": "forbidden/db"}, {}, "runner_configuration_error",
             'kv-v2 "ops/data/forbidden/db": 403 Forbidden'),
            ({"path": "app/none"}, {}, "runner_configuration_error", 'kv-v2 "ops/data/app/none": 404'),
            ({"field": "none"}, {}, "runner_configuration_error", 'has no field "none"')]
        for wish, spec, reason, text in cases:
            secret = self.bao.secret(**{"path": "app/db", "field": "password", **wish})
            job = self.job("echo never", {"DB_PASSWORD": secret}, **spec)
            self.assert_failed(job, reason)
            self.assertIn('ERROR: Job failed: resolving secrets: secret "DB_PASSWORD": vault: ', job.text)
            self.assertIn(text, job.text)
            self.assertNotIn("never\n", job.text)
            self.assertNotIn("eyJ", job.text)
        self.bao.__exit__()
        job = self.job("echo never", {"DB_PASSWORD": self.bao.secret("app/db", "password")})
        self.assert_failed(job, "runner_external_dependency_failure")
        self.assertIn("nothing listens there", job.text)

    def test_gitlabs_own_store_is_asked_with_an_inline_login(self):
        self.start_with_bao()
        self.bao.put("ops/data/app/own", value="of-gitlab-itself")
        own = {"server": {"url": self.bao.url, "inline_auth": {"path": "auth/gitlab/login", "role": "ci",
                                                                "jwt": self.bao.identity()}},
               "engine": {"name": "kv-v2", "path": "ops"}, "path": "app/own", "field": "value"}
        job = self.job(['test "$(cat "$OWN")" = of-gitlab-itself', 'cat "$OWN"'], {"OWN": {"gitlab_secrets_manager": own}})
        self.assert_success(job)
        self.assertIn('Using "gitlab_secrets_manager" secret resolver...\n', job.text)
        self.assertIn("\n[MASKED]\n", job.text)
        own["server"]["inline_auth"]["role"] = "nobody"
        job = self.job("echo never", {"OWN": {"gitlab_secrets_manager": own}})
        self.assert_failed(job, "runner_configuration_error")

    def test_a_restarted_daemon_masks_what_the_script_goes_on_to_print(self):
        daemon = self.start_with_bao()
        go = self.directory / "go"
        # One command, so that the log shows no other command within the value.
        job = self.add_job([f'printf "%s" "${{DIRECT%staple}}"; until test -e {go}; do sleep 0.05; done; '
                            'echo staple and "$DIRECT"'],
                           variables=[{"key": "VAULT_SERVER_URL", "value": self.bao.url, "public": True},
                                      {"key": "VAULT_ID_TOKEN", "value": self.bao.identity(), "masked": True}],
                           secrets={"DIRECT": self.bao.secret("app/db", "password", file=False)})
        self.wait_trace(job, '"${DIRECT%staple}"')
        daemon.kill()
        # The values of secrets are in no file of the daemon.
        for file in (self.directory / "etc").rglob("*"):
            if file.is_file() and file.name != "spool":
                text = file.read_text(errors="replace")
                if file.name == "checkpoint.json":
                    self.assertIn("secret_digests", text)
                self.assertNotIn(PASSWORD, text, str(file))
        go.touch()
        self.start()
        self.assert_success(self.finish(job))
        self.assertIn("[MASKED] and [MASKED]\n", job.text)
        self.assertNotIn("correct-horse", job.text)

    def test_a_restarted_daemon_ends_a_job_whose_secret_has_changed(self):
        daemon = self.start_with_bao()
        job = self.add_job(["echo begun", "sleep 600"],
                           variables=[{"key": "VAULT_SERVER_URL", "value": self.bao.url, "public": True},
                                      {"key": "VAULT_ID_TOKEN", "value": self.bao.identity(), "masked": True}],
                           secrets={"DIRECT": self.bao.secret("app/db", "password", file=False)})
        self.wait_trace(job, "begun\n")
        daemon.kill()
        self.bao.put("ops/data/app/db", password="another-value")
        self.start()
        self.assert_failed(self.finish(job), "runner_system_failure")
        self.assertIn("its value has changed while the runner was restarted", job.text)


class SecretsInContainers(DockerCase, WithOpenBao):
    def test_values_reach_the_container_and_not_its_configuration(self):
        self.start_docker({"tls-ca-file": self.bao.ca_file})
        job = self.job(['test "$(cat "$DB_PASSWORD")" = correct-horse-battery-staple', 'cat "$DB_PASSWORD"',
                        'test "$DIRECT" = correct-horse-battery-staple',
                        'if tr "\\0" "\\n" < /proc/1/environ | grep -q horse; then echo leaked; fi'],
                       {"DB_PASSWORD": self.bao.secret("app/db", "password"),
                        "DIRECT": self.bao.secret("app/db", "password", file=False)})
        self.assert_success(job)
        self.assertIn("\n[MASKED]", job.text)
        self.assertNotIn("\nleaked", job.text)
