"""The status page in a real browser."""

import os
import signal

from tests.support import browser
from tests.system.docker_harness import image
from tests.system.harness import PATIENCE, SystemCase, need
from tests.system.test_disk import FULL
from tests.system.test_status import free_port
from tests.system.test_warm import WarmCase


class PageCase(SystemCase):
    """One browser for all tests: its start takes longer than most of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(not browser.missing(), browser.missing())
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.browser.size(1280, 1000)
        self.browser.colours("light")
        self.gates = 0

    def tearDown(self):
        self.assertEqual(self.browser.console(), [])
        self.browser.driver.get("about:blank")
        super().tearDown()

    def open(self, path="/"):
        self.browser.driver.get(f"http://127.0.0.1:{self.port}{path}")

    def begin(self, runners=None, **options):
        self.write_config(runners or [{"name": "first", "limit": 2}],
                          listen_address=f"127.0.0.1:{self.port}", **options)
        return self.start()

    def begin_again(self, daemon, **options):
        """The same runners with other settings, which the daemon reads anew."""
        self.write_config(self.read_config()["runners"], listen_address=f"127.0.0.1:{self.port}", **options)
        daemon.send(signal.SIGHUP)

    def wait(self, condition, what):
        self.browser.wait(condition, what, 20 * PATIENCE)

    def wait_for(self, text, selector="body"):
        self.wait(f"document.querySelector({selector!r}).innerText.includes({text!r})", repr(text))

    def gated_job(self, *before, **spec):
        """A job that writes, then waits for a line from a FIFO. Returns the job and what lets it go on."""
        self.gates += 1
        gate = self.directory / f"gate{self.gates}"
        os.mkfifo(gate)
        descriptor = os.open(gate, os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        job = self.add_job([*before, f"read line < {gate}; echo got \"$line\""], **spec)
        return job, lambda line: os.write(descriptor, f"{line}\n".encode())

    def press(self, *keys):
        """Keys for the element that has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains
        chain = ActionChains(self.browser.driver)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def focused(self):
        return self.browser.run(
            "const e = document.activeElement; return e.getAttribute('aria-label') || e.id || e.innerText")

    def tab_to(self, wanted):
        from selenium.webdriver.common.keys import Keys
        seen = []
        for _ in range(40):
            self.press(Keys.TAB)
            seen.append(self.focused())
            if seen[-1] == wanted:
                return
        self.fail(f"{wanted} is not reached by Tab: {seen}")


class Page(PageCase):
    def test_live_log_by_keyboard(self):
        from selenium.webdriver.common.keys import Keys
        self.begin()
        self.open()
        self.wait_for("No job runs now.")
        job, go = self.gated_job("echo first line", name="<b>bold</b> & co")
        self.wait_for(f"#{job.id} <b>bold</b> & co", "#jobs")
        self.wait_for("step script", "#jobs")
        self.tab_to(f"Log of job {job.id}")
        self.press(Keys.ENTER)
        self.wait_for("first line", "#log-text")
        self.assertEqual(self.focused(), "log-title")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#jobs b').length"), 0)
        go("through the pipe")
        self.wait_for("got through the pipe", "#log-text")
        self.wait_for("Job succeeded", "#log-state")
        self.finish(job)
        self.wait_for("success", "#recent")
        self.press(Keys.ESCAPE)
        self.wait("document.querySelector('#log').hidden", "the closed log")

    def test_masked_values_do_not_reach_the_page(self):
        self.begin()
        secret = "s3cret-value-of-the-job"
        job, go = self.gated_job("echo the value is $HIDDEN", variables=[
            {"key": "HIDDEN", "value": secret, "masked": True}])
        self.open()
        self.wait("document.querySelector('#jobs button')", "the job")
        self.browser.run("document.querySelector('#jobs button').click()")
        self.wait_for("the value is [MASKED]", "#log-text")
        self.assertNotIn(secret, self.browser.run("return document.documentElement.outerHTML"))
        go("on")
        self.finish(job)

    def test_a_restart_of_the_daemon_is_survived(self):
        daemon = self.begin()
        job, go = self.gated_job("echo before the restart")
        self.open()
        self.wait("document.querySelector('#jobs button')", "the job")
        self.browser.run("document.querySelector('#jobs button').click(); window.kept = 1")
        self.wait_for("before the restart", "#log-text")
        daemon.kill()
        self.wait_for("The daemon has not answered")
        self.start()
        self.wait("document.querySelector('#lost').hidden", "the new daemon")
        self.wait_for("taken up again", "#jobs")
        go("after the restart")
        self.wait_for("got after the restart", "#log-text")
        self.wait_for("Job succeeded", "#log-state")
        text = self.browser.run("return document.querySelector('#log-text').innerText")
        self.assertEqual(text.count("before the restart"), 2, "the command and its output, once each:\n" + text)
        self.assertEqual(self.browser.run("return window.kept"), 1, "the page was loaded anew")
        self.finish(job)

    def test_why_nothing_is_picked_up(self):
        self.begin([{"name": "full", "limit": 1}, {"name": "refused", "token": "glrt-t1_unknown00000000000"},
                    {"name": "gone", "url": "http://127.0.0.1:1"}, {"name": "odd", "executor": "podman"}])
        job, go = self.gated_job()
        self.open()
        self.wait_for(f"limit = 1, taken by job {job.id}", "#runners")
        self.wait_for("GitLab refuses its token", "#runners")
        self.wait_for("http://127.0.0.1:1 cannot be reached since", "#runners")
        self.wait_for('no executor "podman"', "#runners")
        self.wait_for("3 with a problem", "#tiles")
        self.write_config_text("concurrent = <b>\n")
        self.daemons[0].send(signal.SIGHUP)
        self.wait_for(f"the former configuration stays in use: {self.config}:1:14: not valid TOML", "#config-problem")
        go("on")
        self.finish(job)

    def test_what_holds_all_runners(self):
        daemon = self.begin()
        self.open()
        self.wait_for("waits for jobs", "#runners")
        self.assertEqual(self.command("pause").code, 0)
        self.wait_for("paused", "#runners .word")
        self.wait_for("`runner resume first`", "#runners")
        self.assertEqual(self.command("drain").code, 0)
        self.wait_for("draining", "#runners .word")
        self.wait_for("draining", "#state")
        self.assertEqual(self.command("resume").code, 0)
        self.wait_for("waits for jobs", "#runners")
        self.begin_again(daemon, disk=FULL)
        self.wait_for("disk short", "#runners .word")
        self.wait_for("The disk of the state directory", "#runners")
        self.wait_for("1 with a problem", "#tiles")
        self.begin_again(daemon)
        self.wait_for("waits for jobs", "#runners")

    def test_a_token_is_asked_for(self):
        from selenium.webdriver.common.keys import Keys
        token = self.directory / "token"
        token.write_text("open sesame\n")
        self.begin(status={"token_file": str(token)})
        self.open()
        self.wait_for("This daemon shows its state to holders of its token only")
        self.assertEqual(self.focused(), "token")
        self.press("wrong", Keys.ENTER)
        self.wait_for("did not accept")
        self.browser.run("document.querySelector('#token').value = ''")
        self.press("open sesame", Keys.ENTER)
        self.wait_for("No job runs now.")

    def test_everyone_can_use_it(self):
        """axe-core in light and dark, wide and on a phone; no sideways scrolling on the phone."""
        axe = browser.axe_source()
        self.begin([{"name": "a-runner-with-a-name-that-does-not-end-" + "x" * 60},
                    {"name": "gone", "url": "http://127.0.0.1:1"}])
        failed = self.run_job("echo no; exit 3")
        job, go = self.gated_job("printf '\\033[31;1mred\\033[0m plain\\n'", name="job-" + "y" * 120)
        self.open()
        self.wait_for("exit", "#recent")
        self.wait("document.querySelector('#jobs button')", "the job")
        self.browser.run("document.querySelector('#jobs button').click()")
        self.wait_for("red plain", "#log-text")
        for width in (1280, 360):
            self.browser.size(width, 900)
            for scheme in ("light", "dark"):
                self.browser.colours(scheme)
                self.assertEqual(self.browser.axe(axe), [], f"{scheme}, {width} pixels wide")
            wide = self.browser.run("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, width)
        go("on")
        self.finish(job)
        self.assertEqual(failed.status, "failed")


class WarmPage(WarmCase, PageCase):
    """Environments that wait for jobs, with a real engine."""

    def test_environments_that_wait_with_hits_and_misses(self):
        self.start_warm()
        self.open()
        self.wait_for("Hits: 0. Misses: 0.", "#machine")
        self.assert_success(self.run_job("echo cold"))
        self.wait_ready()
        self.wait_for("Hits: 0. Misses: 1 (none was there: 1).", "#machine")
        self.wait_for(f"Ready for a job of project 42: {image(self.image_name)}", "#machine")
        self.assert_success(self.run_job("echo warm"))
        self.wait_for("Hits: 1. Misses: 1 (", "#machine")
        done = self.command("status")
        self.assertRegex(done.stdout, r"REASONS OF MISSES\n\S+ +[01] +1 +1 +empty 1\n")
