"""register, verify, unregister, reset, and which runner gets a job."""

import threading
import time
import unittest

from tests.support.gitlab import GitLab
from tests.support.gitlab.tests.client import INFO, SYSTEM, Client


class ServerCase(unittest.TestCase):
    options: dict = {}

    def setUp(self) -> None:
        self.gitlab = GitLab(**self.options).start()
        self.client = Client(self.gitlab)

    def tearDown(self) -> None:
        self.client.close()
        self.gitlab.close()

    def rules(self) -> list[str]:
        return [violation.rule for violation in self.gitlab.violations]


class Registration(ServerCase):
    def register(self, **fields):
        body = {"info": INFO, "token": self.gitlab.registration_token, "tag_list": "a,b",
                "run_untagged": False, "locked": True, "paused": False, **fields}
        return self.client.call("POST", "/api/v4/runners", body)

    def test_legacy_token_makes_a_runner_without_prefix(self):
        answer = self.register(description="legacy")
        self.assertEqual(answer.status, 201)
        runner = self.gitlab.runners[0]
        self.assertEqual(answer.json(), {"id": 1, "token": runner.token, "token_expires_at": None})
        self.assertEqual((runner.tags, runner.run_untagged), (["a", "b"], False))
        self.assertFalse(runner.token.startswith("glrt-"))
        self.assertEqual(self.rules(), [])

    def test_refusals(self):
        self.assertEqual(self.register(token="").json(), {"error": "token is missing"})
        self.assertEqual(self.register(token="wrong").status, 403)
        self.assertEqual(self.register(access_level="all").status, 400)
        self.assertEqual(self.register(maximum_timeout=10).status, 400)
        self.assertEqual(self.register(active=True).status, 400)
        self.assertEqual(self.register(tag_list="").status, 400)
        self.gitlab.allow_registration = False
        self.assertEqual(self.register().status, 410)

    def test_verify(self):
        runner = self.gitlab.add_runner()
        path = "/api/v4/runners/verify"
        body = {"token": runner.token, "system_id": SYSTEM, "info": INFO}
        self.assertEqual(self.client.call("POST", path, body).json()["id"], runner.id)
        self.assertEqual(self.client.call("POST", path, {"system_id": SYSTEM}).status, 400)
        self.assertEqual(self.client.call("POST", path, {"token": "x"}).status, 403)
        expired = self.gitlab.add_runner(expires_in=-1)
        self.assertEqual(self.client.call("POST", path, {**body, "token": expired.token}).status,
                         403)
        runner.orphaned = True
        self.assertEqual(self.client.call("POST", path, body).status, 422)

    def test_unregister_manager_and_runner(self):
        runner = self.gitlab.add_runner()
        self.client.request_job(runner.token)
        path = "/api/v4/runners/managers"
        self.assertEqual(self.client.call("DELETE", path, {"token": runner.token}).status, 400)
        body = {"token": runner.token, "system_id": SYSTEM}
        self.assertEqual(self.client.call("DELETE", path, body).status, 204)
        self.assertEqual(self.client.call("DELETE", path, body).status, 404)
        self.assertEqual(self.rules(), [])
        self.assertEqual(self.client.call("DELETE", "/api/v4/runners", body).status, 204)
        self.assertEqual((self.gitlab.runners, self.rules()), ([], ["unregister"]))

    def test_reset_replaces_the_token(self):
        runner = self.gitlab.add_runner(expires_in=100)
        old = runner.token
        answer = self.client.call("POST", "/api/v4/runners/reset_authentication_token",
                                  {"token": old})
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.json()["token"], runner.token)
        self.assertNotEqual(old, runner.token)
        self.assertEqual(self.client.request_job(old).status, 403)
        path = f"/api/v4/runners/{runner.id}/reset_authentication_token"
        headers = {"Content-Type": "application/json"}
        self.assertEqual(self.client.call("POST", path, b"null", headers).status, 401)
        headers["PRIVATE-TOKEN"] = self.gitlab.private_token
        self.assertEqual(self.client.call("POST", path, b"null", headers).status, 201)

    def test_user_runners(self):
        headers = {"PRIVATE-TOKEN": self.gitlab.private_token}
        body = {"runner_type": "instance_type", "tag_list": "x"}
        self.assertEqual(self.client.call("POST", "/api/v4/user/runners", body).status, 401)
        answer = self.client.call("POST", "/api/v4/user/runners", body, headers)
        self.assertEqual(answer.status, 201)
        self.assertTrue(answer.json()["token"].startswith("glrt-t1_"))
        for wrong in ({}, {"runner_type": "x"}, {"runner_type": "group_type"}):
            self.assertEqual(self.client.call("POST", "/api/v4/user/runners", wrong,
                                              headers).status, 400)


class Queue(ServerCase):
    def test_last_update(self):
        runner = self.gitlab.add_runner()
        idle = self.client.request_job(runner.token)
        self.assertEqual(idle.status, 204)
        value = idle.headers["X-GitLab-Last-Update"]
        self.assertRegex(value, "^[0-9a-f]{32}$")
        self.assertEqual(self.client.request_job(runner.token, value).status, 204)
        job = self.gitlab.add_job("true")
        taken = self.client.request_job(runner.token, value)
        self.assertEqual((taken.status, taken.json()["id"]), (201, job.id))
        self.assertIsNone(taken.headers["X-GitLab-Last-Update"])
        self.assertEqual(self.client.request_job(runner.token, value).status, 204)
        self.assertEqual(self.rules(), [])

    def test_a_made_up_last_update_is_a_violation(self):
        runner = self.gitlab.add_runner()
        self.client.request_job(runner.token, "0" * 32)
        self.assertEqual(self.rules(), ["last_update"])

    def test_refusals(self):
        self.assertEqual(self.client.call("POST", "/api/v4/jobs/request", {"info": INFO}).status,
                         400)
        self.assertEqual(self.client.request_job("glrt-wrong").status, 403)

    def test_tags_protection_and_pause_decide(self):
        docker = self.gitlab.add_runner(tags=["docker-test"], run_untagged=False)
        other = self.gitlab.add_runner(tags=["other"])
        self.gitlab.add_job("true", tags=["docker-test"], name="tagged")
        self.gitlab.add_job("true", name="untagged")
        self.assertEqual(self.client.request_job(other.token).json()["job_info"]["name"],
                         "untagged")
        self.assertEqual(self.client.request_job(other.token).status, 204)
        docker.paused = True
        self.assertEqual(self.client.request_job(docker.token).status, 204)
        docker.paused = False
        self.assertEqual(self.client.request_job(docker.token).json()["job_info"]["name"], "tagged")
        guarded = self.gitlab.add_runner(access_level="ref_protected")
        self.gitlab.add_job("true")
        self.assertEqual(self.client.request_job(guarded.token).status, 204)

    def test_a_missing_feature_drops_the_job(self):
        runner = self.gitlab.add_runner()
        job = self.gitlab.add_job("true", artifacts={"reports": {"junit": "x.xml"}})
        info = {**INFO, "features": {**INFO["features"], "upload_multiple_artifacts": False}}
        self.assertEqual(self.client.request_job(runner.token, info=info).status, 204)
        self.assertEqual((job.status, job.failure_reason), ("failed", "runner_unsupported"))

    def test_violations_are_recorded(self):
        runner = self.gitlab.add_runner()
        self.client.call("POST", "/api/v4/jobs/request",
                         b'{"token":"%s"}' % runner.token.encode(), {"User-Agent": "x"})
        self.assertEqual(set(self.rules()),
                         {"content_type", "user_agent", "accept", "system_id", "info"})


class LongPolling(ServerCase):
    options = {"long_poll": 0.3}

    def test_held_until_a_job_comes(self):
        runner = self.gitlab.add_runner()
        value = self.client.request_job(runner.token).headers["X-GitLab-Last-Update"]
        threading.Timer(0.1, lambda: self.gitlab.add_job("true")).start()
        begun = time.monotonic()
        answer = self.client.request_job(runner.token, value)
        self.assertTrue(0.05 < time.monotonic() - begun < 0.28)
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["Gitlab-Ci-Builds-Polling"], "yes")
        self.assertIsNone(answer.headers["X-GitLab-Last-Update"])
        self.assertEqual(self.client.request_job(runner.token, value).status, 201)

    def test_held_until_its_time_is_over(self):
        runner = self.gitlab.add_runner()
        value = self.client.request_job(runner.token).headers["X-GitLab-Last-Update"]
        begun = time.monotonic()
        self.assertEqual(self.client.request_job(runner.token, value).status, 204)
        self.assertGreater(time.monotonic() - begun, 0.28)

    def test_large_bodies_are_refused(self):
        runner = self.gitlab.add_runner()
        self.assertEqual(self.client.request_job(runner.token, more="x" * 40000).status, 413)


if __name__ == "__main__":
    unittest.main()
