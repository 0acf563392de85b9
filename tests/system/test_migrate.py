"""`runner migrate`: a machine whose jobs ran with the official runner."""

import hashlib
import json

from tests.system.docker_harness import PREFIX, DockerCase, docker, image

SYSTEM_ID = "s_0123456789ab"
CACHE = hashlib.md5(b"/cache").hexdigest()


class Migrate(DockerCase):
    image_name = "busybox"

    def setUp(self):
        super().setUp()
        self.write_config([{"token": self.registered.token, "id": self.registered.id,
                            "docker": {**self.docker_settings(), "helper_image": "x"}}])
        (self.config.parent / ".runner_system_id").write_text(SYSTEM_ID)

    def official_volume(self, token, project=42, slot=0):
        """A volume with a file in it, with the name and the labels of the official runner."""
        text = f"{token}-{SYSTEM_ID}-{project}-{slot}"
        name = f"runner-{hashlib.sha256(text.encode()).hexdigest()[:32]}-cache-{CACHE}"
        labels = {"managed": "true", "type": "cache", "runner.id": self.short, "project.id": str(project)}
        docker("volume", "create", *[word for key, value in labels.items()
                                     for word in ("--label", f"{PREFIX}{key}={value}")], name)
        self.addCleanup(docker, "volume", "rm", "-f", name, check=False)
        docker("run", "--rm", "-v", f"{name}:/cache", image("busybox"), "sh", "-c", "echo warm > /cache/mark")
        return name

    def test_jobs_go_on_with_the_volumes_of_the_official_runner(self):
        self.official_volume(self.registered.token)
        migrated = self.command("migrate")
        self.assertEqual(migrated.code, 0, migrated.text)
        self.assertIn("1 volume of 1 place of a project are used as they are", migrated.text)
        self.start()
        job = self.run_job("cat /cache/mark")
        self.assert_success(job)
        self.assertIn("\nwarm\n", job.text)

    def test_without_a_migration_the_volumes_are_new(self):
        self.official_volume(self.registered.token)
        self.start()
        job = self.run_job("ls /cache/mark || echo cold")
        self.assertIn("\ncold\n", job.text)
        migrated = self.command("migrate")
        self.assertIn("1 volume not used: jobs have run here already", migrated.text)

    def test_a_dry_run_writes_nothing(self):
        self.official_volume(self.registered.token)
        self.official_volume("an-earlier-token")
        (self.config.parent / ".runner_system_id").unlink()
        before = sorted(path.name for path in self.directory.rglob("*"))
        tried = self.command("migrate", "--dry-run")
        self.assertEqual(tried.code, 0, tried.text)
        self.assertIn("2 volumes not used: made with an earlier token or system id", tried.text)
        self.assertEqual(sorted(path.name for path in self.directory.rglob("*")), before)

    def test_each_line_of_the_configuration_has_its_meaning(self):
        told = self.command("migrate", "--dry-run").text
        lines = self.config.read_text().splitlines()
        number = next(i for i, line in enumerate(lines, 1) if "helper_image" in line)
        self.assertRegex(told, rf"(?m)^ +{number} +helper_image +does nothing +this runner brings its own")
        number = next(i for i, line in enumerate(lines, 1) if "token" in line)
        self.assertRegex(told, rf"(?m)^ +{number} +token +works$")
        self.assertNotIn(self.registered.token, told)

    def test_for_programs(self):
        volume = self.official_volume(self.registered.token)
        told = self.command("migrate", "--dry-run", "--format", "json")
        self.assertEqual(told.code, 0, told.text)
        page = json.loads(told.stdout)
        lines = {line["key"]: line for line in page["lines"]}
        self.assertEqual(lines["helper_image"]["meaning"], "does_nothing")
        text = self.config.read_text().splitlines()
        self.assertIn("helper_image", text[lines["helper_image"]["line"] - 1])
        self.assertEqual((page["version"], page["config"]), (1, str(self.config)))
        self.assertEqual(page["summary"]["works"], sum(line["meaning"] == "works" for line in page["lines"]))
        self.assertEqual(page["summary"]["stops"], 0)
        self.assertEqual(page["service"]["name"], "gitlab-runner")
        [caches] = page["caches"]
        [used] = caches["used"]
        self.assertEqual((used["project_id"], used["slot"], used["volumes"]), (42, 0, 1))
        self.assertTrue(volume.startswith(used["official_prefix"]), used)
        self.assertNotIn(self.registered.token, told.stdout)
        # Standard output has the JSON value only, also when the command does something.
        json.loads(self.command("migrate", "--format", "json").stdout)
        self.write_config([{"token": self.registered.token, "executor": "kubernetes"}])
        stopped = self.command("migrate", "--dry-run", "--format", "json")
        self.assertEqual((stopped.code, json.loads(stopped.stdout)["summary"]["stops"]), (1, 1), stopped.text)

    def test_a_runner_that_takes_no_jobs_stops_the_move(self):
        self.write_config([{"token": self.registered.token, "executor": "kubernetes"}])
        stopped = self.command("migrate")
        self.assertEqual(stopped.code, 1)
        self.assertRegex(stopped.text, r"executor +STOPS +runner .* asks for executor \"kubernetes\"")
        switched = self.command("migrate", "--switch")
        self.assertEqual(switched.code, 1)
        self.assertIn("something stops the move", switched.text)

    def test_the_way_back_can_be_tried(self):
        tried = self.command("migrate", "--back", "--dry-run")
        self.assertEqual(tried.code, 0, tried.text)
        self.assertIn("--back would stop runner when its jobs have ended, and start gitlab-runner", tried.text)
        refused = self.command("migrate", "--back", "--switch")
        self.assertEqual(refused.code, 1)
        self.assertIn("--switch and --back exclude each other", refused.text)

    def test_a_file_of_adopted_volumes_that_is_damaged_is_named(self):
        state = self.config.parent / ".runner-state"
        state.mkdir(mode=0o700)
        (state / "adopted-volumes.json").write_text(json.dumps([1]))
        self.assertRegex(self.command("migrate").text, "adopted-volumes.json.*Make it again")
