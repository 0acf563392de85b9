"""A headless Chromium for the tests of the status page, and axe-core, which checks it for people with disabilities.

Both come through the ordinary clients: Chromium, its driver and Selenium from Debian, axe-core out of a package of
PyPI, which is downloaded once into the cache of ./dev.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
AXE_PACKAGE = "axe-playwright-python==0.1.8"
AXE_FILE = "axe_playwright_python/axe.min.js"

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None


def missing() -> str:
    """What is missing for a browser, "" for nothing."""
    if webdriver is None:
        return "python3-selenium"
    return ", ".join(path.name for path in (CHROMIUM, DRIVER) if not path.exists())


def _cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("RUNNER_DEV_CACHE") or home / "runner-dev") / "axe"


def axe_source() -> str:
    """The text of axe.min.js."""
    cache = _cache()
    wheels = sorted(cache.glob("*.whl"))
    if not wheels:
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--disable-pip-version-check", "--dest", str(cache), AXE_PACKAGE], check=True)
        wheels = sorted(cache.glob("*.whl"))
    with zipfile.ZipFile(wheels[-1]) as wheel:
        return wheel.read(AXE_FILE).decode()


class Browser:
    """One window. Everything that the page writes to the console is kept."""

    def __init__(self, width: int = 1280, height: int = 1000) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars", "--no-proxy-server", f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(str(DRIVER)), options=options)
        self.driver.set_script_timeout(300)
        self.size(width, height)

    def close(self) -> None:
        self.driver.quit()

    def size(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def colours(self, scheme: str) -> None:
        """"light" or "dark"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, what: str, seconds: float = 20) -> None:
        """Returns when the JavaScript expression is true; it is looked at after each change of the document."""
        # The page's policy forbids eval(), so the expression is part of the script.
        script = """
            const [limit, done] = arguments;
            const holds = () => Boolean(CONDITION);
            if (holds()) return done(true);
            const end = (value) => { watch.disconnect(); clearTimeout(timer); done(value); };
            const watch = new MutationObserver(() => { if (holds()) end(true); });
            const timer = setTimeout(() => end(holds()), limit);
            watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
        """.replace("CONDITION", condition)
        if not self.driver.execute_async_script(script, int(seconds * 1000)):
            raise AssertionError(f"{what} did not come; the page says:\n{self.text()}")

    def text(self) -> str:
        return self.run("return document.body.innerText")

    def console(self) -> list[str]:
        """What was written since the last call, but for advice and for requests while no daemon runs."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["source"] not in ("recommendation", "network")]

    def axe(self, source: str) -> list[str]:
        """Violations of WCAG 2.2 A and AA and of good practice."""
        self.run(source)
        result = self.driver.execute_async_script("axe.run(document).then(arguments[0])")
        return [f"{rule['id']}: {rule['help']}: {node['target']} {node['failureSummary']}"
                for rule in result["violations"] for node in rule["nodes"]]
