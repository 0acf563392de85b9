"""Bad luck and bad will with what an inner engine keeps: full disks, damaged data, programs that are killed, traps."""

import unittest

from tests.system.docker_harness import PREFIX, DockerCase, docker, image
from tests.system.small_disk import loop_device

ROOT = "/var/lib/docker"
FIRST = "Inner engine: cold, because this is the first job of its slot"
WARM = "Inner engine: warm, with the images and build caches that its slot has kept"
BUILD = ["mkdir -p /b && cd /b",
         f"printf 'FROM {image('busybox')}\\nRUN [\"busybox\",\"sh\",\"-c\",\"echo built > /f\"]\\n' > Dockerfile",
         "docker build -t built . 2>&1"]
# More than any disk here has.
LARGE = ["mkdir -p /l && cd /l",
         f"printf 'FROM {image('busybox')}\\nRUN [\"busybox\",\"dd\",\"if=/dev/zero\",\"of=/large\",\"bs=1M\"]\\n'"
         " > Dockerfile", "docker build . 2>&1"]
USE = ['echo "$(docker run --rm built busybox cat /f)-and-usable"']


class Slot(DockerCase):
    image_name = "dind"
    images = ("busybox",)
    privileged = True
    runner_options = {"dind": {"builder": False, "persist": "project",
                               "preload_images": [image("busybox")]}}

    def run_engine_job(self, script, **spec):
        return self.run_job(script, timeout=120, patience=120, **spec)

    def line(self, job):
        """What the log says of the kept data: one line."""
        lines = [line for line in job.text.splitlines() if line.startswith("Inner engine: ")]
        self.assertEqual(len(lines), 1, job.text)
        return lines[0]

    def assert_usable(self, job, expected):
        self.assert_success(job)
        self.assertEqual(self.line(job), expected)
        self.assertIn("\nbuilt-and-usable\n", job.text)

    def data_volume(self):
        return next(v for v in self.volumes() if v["Labels"].get(PREFIX + "type") == "data")


class FullDisk(Slot):
    def small_disk(self, megabytes):
        """An ext4 of this size becomes the volume of the slot."""
        device = loop_device(self, self.directory / "disk", megabytes)
        old = self.data_volume()
        docker("volume", "rm", old["Name"])
        labels = [word for pair in old["Labels"].items() for word in ("--label", "=".join(pair))]
        docker("volume", "create", *labels, "-o", "type=ext4", "-o", f"device={device}", old["Name"])

    def test_a_job_fills_the_disk_to_the_last_byte(self):
        self.start_docker()
        self.assert_success(self.run_engine_job("true"))
        self.assert_engine_clean()
        self.small_disk(500)
        filling = self.run_engine_job([*BUILD, *USE, f"cat /dev/zero > {ROOT}/filler || echo full",
                                       *LARGE])
        self.assert_failed(filling, "script_failure", 1)
        self.assertEqual(self.line(filling), FIRST)
        self.assertIn("\nfull\n", filling.text)
        self.assertIn("no space left on device", filling.text.lower())
        self.assert_usable(self.run_engine_job([*BUILD, *USE]),
                           "Inner engine: cold, because the disk of the kept data is almost full")
        self.assert_usable(self.run_engine_job([*BUILD, *USE]), WARM)

    def test_a_build_that_needs_more_than_the_disk_has(self):
        self.start_docker()
        self.assert_success(self.run_engine_job("true"))
        self.assert_engine_clean()
        self.small_disk(500)
        failed = self.run_engine_job([*BUILD, *USE, *LARGE])
        self.assert_failed(failed, "script_failure", 1)
        self.assertIn("no space left on device", failed.text.lower())
        self.assert_usable(self.run_engine_job([*BUILD, *USE]), WARM)


class Damage(Slot):
    def test_each_kind_is_found_or_does_no_harm(self):
        store = f"{ROOT}/image/overlay2"
        because = "Inner engine: cold, because "
        ended = because + "the engine ended with exit code 1 when it started with the kept data"
        cases = [
            ("a database that was cut off", f"truncate -s 12288 {ROOT}/buildkit/cache.db",
             because + "the database cache.db in the kept data is damaged"),
            ("the names of images", f"echo garbage > {store}/repositories.json", ended),
            ("the records of images", f"for f in {store}/imagedb/content/sha256/*; do echo x > $f; done", WARM),
            ("no containerd", f"rm -rf {ROOT}/containerd", WARM),
            ("no layers", f"rm -rf {ROOT}/overlay2/*",
             because + "the layer [0-9a-f]{12} is missing in the kept data"),
            ("a link in place of the layers", f"mv {ROOT}/overlay2 /tmp/other && ln -s /etc {ROOT}/overlay2",
             because + "(the layer [0-9a-f]{12} is missing in the kept data|"
             "the kept data cannot be cleaned: overlay2 is no directory)"),
            ("nothing but garbage", f"rm -rf {ROOT}/* ; for n in image overlay2 buildkit; do echo x > {ROOT}/$n; done",
             because + "the kept data cannot be cleaned: (image|overlay2|buildkit) is no directory"),
            ("a device in place of a directory", f"rm -rf {ROOT}/image; mknod {ROOT}/image c 1 5",
             because + "the kept data cannot be cleaned: image is no directory"),
        ]
        self.start_docker()
        expected = FIRST
        before = "nothing"
        for what, spoil, after in [*cases, ("", "true", "")]:
            with self.subTest(after=before):
                job = self.run_engine_job([*BUILD, *USE, spoil])
                self.assert_success(job)
                self.assertRegex(self.line(job), f"^{expected}$")
                self.assertIn("\nbuilt-and-usable\n", job.text)
            before, expected = what, after


class BuilderState(Slot):
    """What the builder keeps is damaged in a way that only its own program notices."""

    images = ("buildkit",)
    runner_options = {"dind": {"builder_image": image("buildkit"), "persist": "project"}}

    def test_the_next_job_builds_without_it_and_says_so(self):
        state = f"{ROOT}/volumes/buildx_buildkit_runner0_state/_data"
        build = ["mkdir -p /b && cd /b && echo x > file", "printf 'FROM scratch\nCOPY file /\n' > Dockerfile",
                 "docker buildx build . 2>&1 && echo was-$((40+2))-built"]
        spoil = [*build, "docker rm -f buildx_buildkit_runner0",
                 # The head of the file stays right, and the pages behind it are none.
                 f"for f in $(find {state} -name '*.db'); do echo spoiled $f;"
                 " dd if=/dev/urandom of=$f bs=4096 seek=2 count=400 conv=notrunc 2>/dev/null; done"]
        self.start_docker()
        spoiled = self.run_engine_job(spoil)
        self.assert_success(spoiled)
        self.assertIn("\nspoiled ", spoiled.text)
        after = self.run_engine_job(build)
        self.assert_success(after)
        self.assertIn("\nwas-42-built\n", after.text)
        self.assertEqual(self.line(after), WARM)
        self.assertIn("it has none now, so layers are built again", after.text)
        again = self.run_engine_job(build)
        self.assert_success(again)
        self.assertIn("CACHED", again.text)
        self.assertNotIn("it has none now", again.text)


class Killed(Slot):
    # The log has this script, too, so it prints what is not in it.
    LONG = ["cd /b", f"printf 'FROM {image('busybox')}\\nRUN [\"busybox\",\"sh\",\"-c\",\"echo $((40+2))-runs; "
            "busybox sleep 600\"]\\n' > Dockerfile"]

    def begin(self, *more):
        job = self.add_job([*BUILD, *USE, *self.LONG, *more], timeout=600)
        self.wait_trace(job, "42-runs", 120)
        return job

    def engine(self):
        return next(c for c in self.containers() if c["HostConfig"]["Privileged"])["Id"]

    def after(self, job, status, *expected):
        self.finish(job, 120)
        self.assertEqual(job.status, status, job.text)
        job = self.run_engine_job([*BUILD, *USE])
        self.assert_success(job)
        self.assertIn(self.line(job), expected)
        self.assertIn("\nbuilt-and-usable\n", job.text)

    def test_the_inner_engine(self):
        self.start_docker()
        job = self.begin("docker build --progress plain . 2>&1")
        docker("exec", self.engine(), "sh", "-c", "kill -9 $(cat /var/run/docker.pid)")
        self.after(job, "failed", WARM)

    def test_the_container_of_the_job(self):
        self.start_docker()
        job = self.begin("docker build --progress plain . 2>&1")
        docker("kill", "-s", "KILL", self.engine())
        self.after(job, "failed", WARM)

    def test_the_daemon(self):
        daemon = self.start_docker()
        job = self.begin("timeout 5 docker build --progress plain . 2>&1 || echo went on")
        daemon.kill()
        self.start_again()
        self.after(job, "success", WARM)
        self.assertIn("\nwent on\n", job.text)

    def test_everything_at_once(self):
        daemon = self.start_docker()
        job = self.begin("docker build --progress plain . 2>&1")
        daemon.kill()
        docker("kill", "-s", "KILL", self.engine())
        self.start_again()
        self.after(job, "failed", WARM)


class Traps(Slot):
    """What a hostile job leaves for the next one is gone before its engine starts."""

    PLANT = [
        f"docker run -d --restart always --name trap -v {ROOT}:/all {image('busybox')} "
        "busybox sh -c 'while :; do echo x >> /all/trapped; busybox sleep 1; done'",
        "docker swarm init >/dev/null && docker service create -d --name trap --replicas 3 "
        f"{image('busybox')} busybox sleep 1000",
        "docker network create trap && docker volume create -o type=none -o o=bind -o device=/etc trap",
        f"mkdir -p {ROOT}/plugins/trap {ROOT}/runtimes {ROOT}/containerd/daemon/plugins {ROOT}/etc/cni/net.d {ROOT}/hooks",
        f"for f in daemon.json config.json hooks/trap etc/cni/net.d/trap.conf runtimes/runc "
        f"plugins/trap/config.json containerd/daemon/plugins/trap.so; do echo trap > {ROOT}/$f; done",
        f"cp /bin/true {ROOT}/buildkit/executor/trap 2>/dev/null || true",
        f"ln -s /etc/passwd {ROOT}/engine-id-of-trap; chattr +i {ROOT}/daemon.json 2>/dev/null || true",
        # A forged marker decides nothing but whether data is used again.
        f"sed -i 's/\"starts\": *[0-9]*/\"starts\":-5/' {ROOT}/.runner/marker.json"]
    LOOK = [
        "echo containers=$(docker ps -aq | wc -l) networks=$(docker network ls -q | wc -l) "
        "volumes=$(docker volume ls -q | wc -l) plugins=$(docker plugin ls -q | wc -l) "
        "swarm=$(docker info -f '{{.Swarm.LocalNodeState}}') runtimes=$(docker info -f '{{len .Runtimes}}')",
        f"echo planted=$(cd {ROOT} && ls -d trapped daemon.json config.json hooks etc plugins/trap runtimes/runc "
        "containerd/daemon/plugins/trap.so engine-id-of-trap swarm/docker-state.json 2>/dev/null | wc -l)"]

    def test_nothing_of_it_reaches_the_next_job(self):
        self.start_docker()
        clean = self.run_engine_job([*BUILD, *self.LOOK])
        self.assert_success(clean)
        planted = self.run_engine_job([*BUILD, *self.PLANT])
        self.assert_success(planted)
        job = self.run_engine_job([*self.LOOK, *BUILD, *USE])
        self.assert_usable(job, WARM)
        for name in ("containers=", "planted="):
            seen = next(line for line in job.text.splitlines() if line.startswith(name))
            self.assertEqual(seen, next(line for line in clean.text.splitlines() if line.startswith(name)))
        self.assertIn("\nplanted=0\n", job.text)
        self.assertIn(" swarm=inactive ", job.text)


if __name__ == "__main__":
    unittest.main()
