"""Completions and manual pages, used by the programs that they are for."""

import re
import shutil
import subprocess
import unittest

from tests.system.harness import BIN


def output(*arguments: str) -> str:
    return subprocess.run([str(BIN), *arguments], check=True, capture_output=True, text=True).stdout


def commands() -> list[str]:
    """All commands, as `runner --help` lists them."""
    listed = output("--help").split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in listed.splitlines() if not line.startswith("  help")]


class Completion(unittest.TestCase):
    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last of the words."""
        script = (output("completion", "bash") + 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _runner\n'
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", "runner", *words], check=True,
                              capture_output=True, text=True)
        return done.stdout.split()

    def test_bash_completes_commands(self):
        self.assertEqual(self.complete("reg"), ["register"])
        self.assertEqual(self.complete("--log-level", "debug", "unreg"), ["unregister"])

    def test_bash_completes_every_command(self):
        offered = self.complete("")
        self.assertEqual([name for name in commands() if name not in offered], [])
        self.assertIn("drain", offered)

    def test_bash_completes_flags_of_the_command(self):
        self.assertEqual(sorted(self.complete("register", "--token")), ["--token", "--token-file"])
        self.assertEqual(self.complete("run", "--token"), [])

    def test_bash_completes_words_that_a_command_needs(self):
        self.assertIn("lint", self.complete("config", ""))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes_with_descriptions(self):
        script = output("completion", "fish") + 'complete -C "runner reset"'
        done = subprocess.run(["fish", "-c", script], check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout, "reset-token\tget a new authentication token\n")

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_accepts_the_script(self):
        done = subprocess.run(["zsh", "-n"], input=output("completion", "zsh"), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Manual(unittest.TestCase):
    def test_every_page_is_clean_for_groff(self):
        pages = output("manual")
        names = [""] + [line.split("\\-", 1)[1].split(" ")[0].replace("\\", "")
                        for line in pages.splitlines() if line.startswith(".BR runner")]
        self.assertEqual(sorted(names[1:]), sorted(commands()))
        for name in names:
            page = output("manual", *([name] if name else []))
            done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww"], input=page, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertIn("NAME\n", re.sub(".\b", "", done.stdout))  # bold is a letter printed twice

    def test_an_unknown_command_is_refused(self):
        done = subprocess.run([str(BIN), "manual", "nothing"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("takes the name of one command", done.stderr)


if __name__ == "__main__":
    unittest.main()
