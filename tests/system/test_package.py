"""The Debian package: what is in it, and its life on a server with systemd."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.system.harness import BIN, ROOT, need
from tests.system.machine import LONG, MachineCase, engine_package, make_package
from tests.system.test_documents import commands

DEV_CACHE = Path(os.environ.get("RUNNER_DEV_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner-dev")


EXAMPLES = "usr/share/doc/runner/examples/"
HELD = {
    "etc/default/runner",
    "usr/bin/runner",
    "usr/lib/runner/libdate-tz.so.3",
    "usr/lib/runner/libfmt.so.9",
    "usr/lib/runner/libprometheus-cpp-core.so.1.0",
    "usr/lib/runner/libre2.so.9",
    "usr/lib/runner/libtomlplusplus.so.3",
    "usr/lib/runner/runner-helper",
    "usr/lib/systemd/system/runner.service",
    "usr/lib/sysusers.d/runner.conf",
    "usr/lib/tmpfiles.d/runner.conf",
    "usr/share/bash-completion/completions/runner",
    "usr/share/zsh/vendor-completions/_runner",
    "usr/share/fish/vendor_completions.d/runner.fish",
    "usr/share/man/man1/runner.1.gz",
    "usr/share/man/man5/runner-config.toml.5.gz",
    "usr/share/doc/runner/changelog.gz",
    "usr/share/doc/runner/copyright",
    "usr/share/doc/runner/sbom.spdx.json",
    "usr/share/doc/runner/systemd/credentials.conf",
    "usr/share/doc/runner/systemd/docker-only.conf",
    "usr/share/doc/runner/systemd/notify-reload.conf",
    EXAMPLES + "images/README.md",
    EXAMPLES + "images/runner/Dockerfile",
    EXAMPLES + "images/builder/Dockerfile",
    EXAMPLES + "images/builder/install-tools",
    EXAMPLES + "images/builder/settings/buildkitd.toml",
    EXAMPLES + "images/builder/settings/daemon.json",
    EXAMPLES + "images/builder/settings/docker-config.json",
    EXAMPLES + "monitoring/alerts.yml",
    EXAMPLES + "monitoring/dashboard.json",
    "usr/share/lintian/overrides/runner",
}


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", str(package), name], check=True, capture_output=True, text=True).stdout.strip()


class Content(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="runner-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.package = make_package("DEB")

    def test_everything_is_in_it(self):
        root = self.directory / "content"
        subprocess.run(["dpkg-deb", "-x", str(self.package), str(root)], check=True)
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
        pages = {f"usr/share/man/man1/runner-{name}.1.gz" for name in commands()}
        self.assertGreater(len(pages), 20)
        git = {name for name in files if re.fullmatch(r"usr/lib/runner/runner-git-\w+\.tar\.gz", name)}
        self.assertEqual(len(git), 1, sorted(files))
        self.assertEqual(set(files), HELD | pages | git)
        self.assertEqual([name for name, path in files.items() if path.stat().st_size == 0], [])
        for name in pages | {"usr/share/man/man1/runner.1.gz", "usr/share/man/man5/runner-config.toml.5.gz"}:
            self.assertIn(b".TH ", gzip.decompress(files[name].read_bytes()), name)

    def test_bundled_libraries_are_no_dependencies_and_have_a_license(self):
        names = [Path(name).name for name in HELD if ".so." in name]
        self.assertEqual(len(names), 5)
        depends = field(self.package, "Depends")
        for name in names:
            self.assertNotIn(name.split(".so.")[0].removesuffix("-core"), depends)
        root = self.directory / "libraries"
        subprocess.run(["dpkg-deb", "-x", str(self.package), str(root)], check=True)
        linked = subprocess.run(["ldd", str(root / "usr/bin/runner")], check=True, capture_output=True, text=True).stdout
        copyright = (root / "usr/share/doc/runner/copyright").read_text()
        for name in names:
            used = Path(re.search(rf"{re.escape(name)} => (\S+)", linked)[1]).resolve()
            self.assertEqual(used, root.resolve() / "usr/lib/runner" / name)
            self.assertIn(f"\nFiles: usr/lib/runner/{name}\n", copyright)

    def test_lintian_finds_nothing_wrong(self):
        need(shutil.which("lintian") is not None, "lintian")
        done = subprocess.run(["lintian", "--allow-root", "--show-overrides", str(self.package)],
                              capture_output=True, text=True, check=False)
        found = set(re.findall(r"^([EWO]: runner: \S+)", done.stdout, re.M))
        self.assertEqual(found, {"O: runner: statically-linked-binary", "O: runner: embedded-library",
                                 "O: runner: maintainer-script-calls-systemctl"}, done.stdout + done.stderr)

    def copy_source(self, source):
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.splitlines()
        for name in files:
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, source / name)

    def test_another_directory_gives_the_same_bytes(self):
        """Everything but the compiler runs again, from a copy of the source, with other settings of the shell."""
        source, build = self.directory / "elsewhere/source", self.directory / "elsewhere/build"
        self.copy_source(source)
        epoch = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True,
                               text=True).stdout.strip()
        settings = {**os.environ, "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": epoch}
        for words in (["cmake", "-G", "Ninja", "-S", str(source), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release",
                       "-DRUNNER_TESTS=OFF"],
                      ["sh", "-c", f"umask 077 && cp -r {BIN.parent} {build} && mkdir -p {build}/generated &&"
                       f" cp -r {BIN.parent.parent}/generated/share {BIN.parent.parent}/generated/sbom.spdx.json"
                       f" {build}/generated && umask 022 && cd {build} && cpack -G DEB"]):
            subprocess.run(words, check=True, env=settings, capture_output=True)
        self.assertEqual(self.package.read_bytes(), next(build.glob("packages/*.deb")).read_bytes())

    def test_the_compiler_gives_the_same_bytes_in_another_directory(self):
        """Of one small library, without the compiler's cache."""
        made = []
        for place in ("one", "another/place"):
            source = self.directory / place
            self.copy_source(source)
            settings = {name: value for name, value in os.environ.items() if name != "CMAKE_CXX_COMPILER_LAUNCHER"}
            for words in (["cmake", "--preset", "release"],
                          ["cmake", "--build", "--preset", "release", "--target", "base_text"]):
                subprocess.run(words, cwd=source, check=True, env=settings, capture_output=True)
            made.append((source / "build/release/base/libbase_text.a").read_bytes())
        self.assertTrue(made[0] == made[1], "the two files differ")

    def test_the_programs_do_not_name_the_directory_of_the_build(self):
        for name in ("runner", "runner-helper"):
            self.assertNotIn(str(ROOT).encode(), (BIN.parent / name).read_bytes(), name)

    def test_the_bill_of_materials_is_valid_and_names_what_is_linked(self):
        validator = DEV_CACHE / "python/bin/pyspdxtools"
        need(validator.exists(), f"{validator} (./dev test installs it)")
        root = self.directory / "root"
        subprocess.run(["dpkg-deb", "-x", str(self.package), str(root)], check=True)
        file = root / "usr/share/doc/runner/sbom.spdx.json"
        done = subprocess.run([str(validator), "-i", str(file)], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        document = json.loads(file.read_text())
        names = {package["SPDXID"]: package["name"] for package in document["packages"]}
        linked = {(kind, names[other]) for one, kind, other in
                  ((r["spdxElementId"], r["relationshipType"], r["relatedSpdxElement"]) for r in document["relationships"])
                  if one in names}
        depends = field(self.package, "Depends")
        libraries = [entry.split()[0] for entry in depends.split(",") if entry.startswith(" lib")]
        self.assertGreater(len(libraries), 5)
        for name in libraries:
            self.assertIn(("DYNAMIC_LINK", name), linked)
        for name in ("libarchive-dev", "zlib1g-dev", "libzstd-dev", "libc6-dev"):
            self.assertIn(("STATIC_LINK", name), linked)
        for name in ("libboost1.81-dev", "libfmt9", "libre2-9", "libtomlplusplus3", "libdate-tz3", "libprometheus-cpp-core1.0"):
            self.assertIn(("CONTAINS", name), linked)
        self.assertEqual(len(list(root.glob("usr/lib/runner/runner-git-*.tar.gz"))), 1)
        for name in ("git", "git-lfs", "openssh-client", "libc6", "libcurl3-gnutls", "ca-certificates"):
            self.assertIn(("CONTAINS", name), linked)

    def test_the_rpm_package(self):
        need(shutil.which("rpm") is not None, "rpm")
        package = make_package("RPM", "-D", "CPACK_RPM_COMPRESSION_TYPE=gzip")

        def rpm(*words):
            return subprocess.run(["rpm", *words], check=True, capture_output=True, text=True).stdout
        self.assertEqual(rpm("-qp", "--qf", "%{NAME} %{VERSION}", str(package)), "runner 0.1.0")
        self.assertIn("/etc/default/runner\n", rpm("-qp", "--configfiles", str(package)))
        self.assertIn("gitlab-runner = ", rpm("-qp", "--provides", str(package)))
        self.assertNotIn("lintian", rpm("-qpl", str(package)))
        self.assertIn("libyaml-0.so.2()(64bit)\n", rpm("-qp", "--requires", str(package)))
        self.assertNotRegex(rpm("-qp", "--requires", "--provides", str(package)), "libfmt|libre2|libtoml|libdate|libprom")
        # This system's libraries are packages of another kind, and there is no systemd in that root.
        root = f"--root={self.directory / 'rpm'}"
        rpm(root, "-i", "--nodeps", "--noscripts", str(package))
        self.assertEqual(rpm(root, "-V", "--nodeps", "runner"), "")
        self.assertTrue((self.directory / "rpm/usr/lib/systemd/system/runner.service").is_file())
        rpm(root, "-e", "--nodeps", "--noscripts", "runner")
        self.assertFalse((self.directory / "rpm/usr/bin/runner").exists())


class EnginePackage(unittest.TestCase):
    """runner-engine-arm64. test_docker_arm64.py runs jobs with it."""

    @classmethod
    def setUpClass(cls):
        cls.package = engine_package()
        cls.root = Path(tempfile.mkdtemp(prefix="runner-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        subprocess.run(["dpkg-deb", "-x", str(cls.package), str(cls.root)], check=True)

    def test_lintian_finds_nothing_wrong(self):
        need(shutil.which("lintian") is not None, "lintian")
        done = subprocess.run(["lintian", "--allow-root", "--show-overrides", str(self.package)],
                              capture_output=True, text=True, check=False)
        found = set(re.findall(r"^([EWO]): runner-engine-arm64: (\S+)", done.stdout, re.M))
        self.assertEqual(found, {("O", "statically-linked-binary"), ("O", "embedded-library"),
                                 ("O", "arch-independent-package-contains-binary-or-object")}, done.stdout + done.stderr)

    def test_its_files_are_none_of_the_runners_own(self):
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        documents = "usr/share/doc/runner-engine-arm64/"
        self.assertEqual(files, {
            "usr/lib/runner/runner-helper-arm64", "usr/lib/runner/runner-git-arm64.tar.gz", documents + "copyright",
            documents + "changelog.gz", documents + "sbom.spdx.json", "usr/share/lintian/overrides/runner-engine-arm64"})
        helper = (self.root / "usr/lib/runner/runner-helper-arm64").read_bytes()
        self.assertEqual(helper[18:20], b"\xb7\x00", "AArch64")
        self.assertNotIn(str(ROOT).encode(), helper)
        self.assertNotIn(str(DEV_CACHE).encode(), helper)
        self.assertEqual(field(self.package, "Depends"), "runner (= 0.1.0)")

    def test_the_bill_of_materials_is_valid_and_names_what_is_linked(self):
        validator = DEV_CACHE / "python/bin/pyspdxtools"
        need(validator.exists(), f"{validator} (./dev test installs it)")
        file = self.root / "usr/share/doc/runner-engine-arm64/sbom.spdx.json"
        done = subprocess.run([str(validator), "-i", str(file)], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        document = json.loads(file.read_text())
        ids = {package["SPDXID"]: package for package in document["packages"]}
        linked = {ids[r["relatedSpdxElement"]]["name"]: ids[r["relatedSpdxElement"]]["externalRefs"][0]["referenceLocator"]
                  for r in document["relationships"] if r["relationshipType"] == "STATIC_LINK"}
        for name in ("libarchive-dev", "zlib1g-dev", "libzstd-dev", "libc6-dev"):
            self.assertRegex(linked[name], "arch=arm64$")
        self.assertIn("libstdc++-12-dev-arm64-cross", linked)
        names = {package["name"] for package in document["packages"]}
        self.assertLessEqual({"nlohmann-json3-dev", "runner-git-arm64", "git", "git-lfs", "openssh-client"}, names)


def files_of_rpm():
    """rpm with its libraries and macros: the machine has this system's release, but not the program."""
    linked = subprocess.run(["ldd", shutil.which("rpm")], check=True, capture_output=True, text=True).stdout
    return [shutil.which("rpm"), "/usr/lib/rpm", *re.findall(r"=> (/\S+)", linked)]


class RpmLife(MachineCase):
    """The scripts of the .rpm, run by rpm on a server with systemd. Dependencies are other packages' business there."""

    def rpm(self, *words):
        return self.machine.run("rpm --nodeps " + " ".join(words))

    def test_from_nothing_through_an_upgrade_under_a_job_to_nothing(self):
        need(shutil.which("rpm") is not None, "rpm")
        gzip = ("-D", "CPACK_RPM_COMPRESSION_TYPE=gzip")
        self.machine.put(make_package("RPM", *gzip), "/root/one.rpm")
        self.machine.put(make_package("RPM", *gzip, "-D", "CPACK_PACKAGE_VERSION=99.0.0"), "/root/two.rpm")
        # Libraries that are there stay: the machine uses them at this moment.
        subprocess.run(f"tar -ch {' '.join(files_of_rpm())} | docker exec -i {self.machine.id} tar -x --skip-old-files -C /",
                       shell=True, check=True, capture_output=True)
        self.rpm("-i", "/root/one.rpm")
        self.assertEqual(self.machine.run("stat -c %a /etc/gitlab-runner /var/lib/runner").split(), ["700", "700"])
        self.assertEqual(self.machine.run("readlink -f /usr/bin/gitlab-runner").strip(), "/usr/bin/runner")
        self.assertEqual(self.machine.property("ActiveState"), "inactive")
        self.assertEqual(self.machine.run("stat -c %U /var/lib/gitlab-runner").strip(), "gitlab-runner")
        job = self.add_job(LONG, runner=self.register_shell())
        self.machine.run("systemctl start runner")
        self.wait_lines(job)
        self.rpm("-U", "/root/two.rpm")
        self.wait_lines(job)
        self.machine.run("touch /var/tmp/go")
        self.assert_counted(self.finish(job))
        self.assertEqual(self.machine.property("ActiveState"), "active")
        self.rpm("-e", "runner")
        self.assertEqual(self.machine.property("ActiveState"), "inactive")
        self.assertEqual(self.machine.property("LoadState"), "not-found")
        self.assertEqual(self.machine.run("ls /usr/bin | grep -c -e '^runner' -e gitlab-runner || :").strip(), "0")


class Life(MachineCase):
    """Each test has a fresh server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.package = make_package("DEB")
        cls.newer = make_package("DEB", "-D", "CPACK_PACKAGE_VERSION=99.0.0", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")

    def test_install_register_and_run(self):
        machine = self.machine
        self.install(self.package)
        self.assertEqual(machine.property("ActiveState"), "active")
        self.assertEqual(machine.run("systemctl is-enabled runner").strip(), "enabled")
        self.assertEqual(machine.run("stat -c '%a %U' /etc/gitlab-runner /var/lib/runner").split(),
                         ["700", "root"] * 2)
        self.register_shell()
        job = self.run_job(["echo as $(id -un) in $(pwd)"])
        self.assert_success(job)
        self.assertRegex(job.text, "\nas gitlab-runner in /var/lib/gitlab-runner/builds/")
        # Scripts that call the official program.
        second = self.register("--executor shell", "--name second", program="gitlab-runner")
        self.assertIn(f'token = "{second.token}"', machine.run("cat /etc/gitlab-runner/config.toml"))
        self.assert_success(self.run_job(["true"], runner=second))
        self.assertRegex(machine.run("gitlab-runner status"), r"Service is running\n")
        self.assertIn("second", machine.run("gitlab-runner list"))
        for command in ("verify", "--version"):
            machine.run(f"gitlab-runner {command}")
        machine.run("gitlab-runner unregister --all-runners")
        self.assertNotIn("[[runners]]", machine.run("cat /etc/gitlab-runner/config.toml"))
        machine.run("systemctl stop runner")
        code, told = machine.try_run("gitlab-runner status")
        self.assertEqual(code, 1, told)
        self.assertIn("Service is not running", told)

    def test_jobs_run_through_an_upgrade(self):
        machine = self.machine
        self.install(self.package)
        machine.run("echo '# changed here' >>/etc/default/runner")
        on_host, in_containers = self.register_shell(), self.register_docker()
        machine.run("sed -i 's/^concurrent = 1$/concurrent = 4/' /etc/gitlab-runner/config.toml")
        shell = self.add_job(LONG, runner=on_host)
        contained = self.add_job(LONG, runner=in_containers)
        self.wait_lines(shell)
        self.wait_lines(contained)
        before = machine.property("MainPID")
        self.install(self.newer)
        self.assertEqual(machine.run("dpkg-query -W -f '${Version}' runner"), "99.0.0")
        self.assertNotEqual(machine.property("MainPID"), before)
        self.assertEqual(machine.property("ActiveState"), "active")
        self.assertIn("# changed here\n", machine.run("cat /etc/default/runner"))
        for job in (shell, contained):
            self.wait_lines(job)
        machine.run("touch /var/tmp/go")
        machine.run("docker exec $(docker ps -q) mkdir -p /var/tmp/go")
        for job in (shell, contained):
            self.assert_counted(self.finish(job))
        self.assertNotRegex(machine.journal(), "Failed with result|Starting graceful shutdown")

    def test_removing_reports_running_jobs_and_purging_leaves_nothing(self):
        machine = self.machine
        users, files = machine.users(), machine.files()
        machine.load_image("busybox")
        volumes = machine.run("docker volume ls -q")
        self.install(self.package)
        self.register_docker()
        contained = self.add_job(LONG, cache=[{"key": "k", "paths": ["x"], "policy": "pull-push"}])
        self.wait_lines(contained)
        machine.run("apt-get remove -y runner </dev/null")
        self.finish(contained)
        self.assert_failed(contained, "runner_interrupted")
        self.assertEqual(machine.run("docker ps -aq"), "")
        self.assertEqual(machine.property("ActiveState"), "inactive")
        self.assertIn("[[runners]]", machine.run("cat /etc/gitlab-runner/config.toml"))
        self.assertNotEqual(machine.run("docker volume ls -q"), volumes)
        machine.run("apt-get purge -y runner </dev/null")
        self.assertEqual(machine.run("docker volume ls -q"), volumes)
        self.assertEqual(machine.run("docker network ls -q --filter type=custom"), "")
        self.assertEqual(machine.files() - files, set())
        self.assertEqual(machine.users(), users)
        self.assertEqual(machine.property("LoadState"), "not-found")

    def test_removing_reports_shell_jobs_and_a_new_installation_starts(self):
        machine = self.machine
        self.install(self.package)
        self.register_shell()
        job = self.add_job(LONG)
        self.wait_lines(job)
        machine.run("apt-get remove -y runner </dev/null")
        self.finish(job)
        self.assert_failed(job, "runner_interrupted")
        self.install(self.package)
        self.assertEqual(machine.property("ActiveState"), "active")
        machine.run("touch /var/tmp/go")
        self.assert_success(self.run_job(["true"]))

    def test_beside_the_official_runner(self):
        """Its service goes on, and its configuration stays when this package is purged."""
        machine = self.machine
        machine.write("/root/official/DEBIAN/control", "Package: gitlab-runner\nVersion: 18.0.0\nArchitecture: all\n"
                      "Maintainer: nobody <nobody@example.com>\nDescription: stand-in\n")
        machine.write("/root/official/usr/bin/gitlab-runner", "#!/bin/sh\nexec sleep infinity\n")
        machine.write("/root/official/etc/systemd/system/gitlab-runner.service",
                      "[Service]\nExecStart=/usr/bin/gitlab-runner\n")
        machine.run("chmod +x /root/official/usr/bin/gitlab-runner && dpkg-deb -b /root/official /root/official.deb &&"
                    " dpkg -i /root/official.deb && systemctl daemon-reload && systemctl start gitlab-runner")
        machine.write("/etc/gitlab-runner/config.toml", "concurrent = 1\n")
        self.assertIn("gitlab-runner.service runs with the same configuration", self.install(self.package))
        self.assertEqual(machine.property("ActiveState"), "inactive")
        self.assertIn("exec sleep", machine.run("cat /usr/bin/gitlab-runner"))
        self.assertEqual(machine.property("ActiveState", "gitlab-runner"), "active")
        machine.run("systemctl disable --now gitlab-runner; systemctl enable --now runner")
        self.assertEqual(machine.property("ActiveState"), "active")
        machine.run("apt-get purge -y runner </dev/null")
        self.assertIn("exec sleep", machine.run("cat /usr/bin/gitlab-runner"))
        self.assertEqual(machine.run("cat /etc/gitlab-runner/config.toml"), "concurrent = 1\n")


if __name__ == "__main__":
    unittest.main()
