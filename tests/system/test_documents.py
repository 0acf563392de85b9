"""Completions and manual pages, used by the programs that they are for; documents, against the program."""

import functools
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

from tests.system.harness import BIN, PATIENCE, ROOT, SystemCase, need
from tests.system.test_status import free_port

# Flags of other programs that a document names without the program.
FOREIGN_FLAGS = {"--add-host", "--containerd", "--driver-opt", "--nodeps", "--pull"}


# An interactive zsh in a terminal of its own: it reads $1/settings and gets the line $2 and a tabulator. It ends by itself.
ZSH_TERMINAL = r"""
zmodload zsh/zpty
cd $1
TERM=dumb zpty shell zsh -f -i
zpty -w shell 'source ./settings'
while zpty -r shell answer && [[ $answer != *ready* ]]; do :; done
zpty -w -n shell "$2"$'\t'
while zpty -r shell answer; do :; done
"""
ZSH_SETTINGS = r"""
PROMPT=
fpath=($PWD $fpath)
autoload -U compinit && compinit -D -u
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
: >offered
compadd() {
    # With these it fills arrays; else it offers words.
    if (( ${@[(I)-[OAD]]} )); then builtin compadd "$@"; return; fi
    local -a hits
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >>offered
    builtin compadd "$@"
}
comppostfuncs=(exit)
print rea''dy
"""


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

    def complete_in_zsh(self, line: str) -> list[str]:
        """What an interactive zsh offers when the tabulator key is pressed behind the line."""
        need(shutil.which("zsh") is not None, "zsh")
        with tempfile.TemporaryDirectory(prefix="runner-zsh-") as directory:
            (Path(directory) / "_runner").write_text(output("completion", "zsh"))
            (Path(directory) / "settings").write_text(ZSH_SETTINGS)
            done = subprocess.run(["zsh", "-f", "-c", ZSH_TERMINAL, "zsh", directory, line], capture_output=True, text=True,
                                  timeout=60 * PATIENCE, cwd=directory, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            return (Path(directory) / "offered").read_text().split("\n")[:-1]

    def test_zsh_completes_commands(self):
        self.assertEqual(self.complete_in_zsh("runner reset"), ["reset-token"])
        offered = self.complete_in_zsh("runner ")
        self.assertEqual([name for name in [*commands(), "help"] if name not in offered], [])
        self.assertEqual(self.complete_in_zsh("runner help unreg"), ["unregister"])
        self.assertEqual(self.complete_in_zsh("runner --log-level debug unreg"), ["unregister"])

    def test_zsh_completes_flags_of_the_command(self):
        self.assertEqual(sorted(self.complete_in_zsh("runner register --token")), ["--token", "--token-file"])
        self.assertEqual(self.complete_in_zsh("runner run --token"), [])
        self.assertEqual(self.complete_in_zsh("runner --log-f"), ["--log-format"])

    def test_zsh_completes_words_and_files_that_a_command_needs(self):
        self.assertIn("lint", self.complete_in_zsh("runner config "))
        self.assertEqual(self.complete_in_zsh("runner run --config sett"), ["settings"])


class Manual(unittest.TestCase):
    def test_every_page_is_clean_for_groff(self):
        pages = output("manual")
        names = [""] + [line.split("\\-", 1)[1].split(" ")[0].replace("\\", "")
                        for line in pages.splitlines() if line.startswith(".BR runner")]
        self.assertEqual(sorted(names[1:]), sorted([*commands(), "config.toml"]))
        for name in names:
            page = output("manual", *([name] if name else []))
            done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww"], input=page, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertIn("NAME\n", re.sub(".\b", "", done.stdout))  # bold is a letter printed twice

    def test_the_page_of_the_configuration_has_its_keys(self):
        page = output("manual", "config.toml")
        for title in ("[runners.docker]", "[[runners.registry]]", "TOP OF THE FILE"):
            self.assertIn(f'.SH "{title}"\n', page)
        for key in ("token_file", "concurrent", "pull_policy"):
            self.assertIn(f"\\fB{key}\\fR = ", page)
        self.assertNotIn("sentry_dsn", page)  # has no effect

    def test_an_unknown_command_is_refused(self):
        done = subprocess.run([str(BIN), "manual", "nothing"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("takes the name of one command", done.stderr)


@functools.cache
def flags_of_commands() -> dict[str, set[str]]:
    """{command: its flags}, as help shows them."""
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", output("--help"), re.M)[1]
    names = [line.split()[0] for line in listed.splitlines() if not line.startswith("   ")]
    return {name: flags_in_help(output(name, "--help")) for name in names if name != "help"} | {"help": set()}


def flags_in_help(text: str) -> set[str]:
    own = text.split("\nFlags of every command:")[0]
    return {name for line in own.splitlines() if line.startswith("  --")
            for name in re.findall(r"--[\w-]+", line.split("  ")[1])}


@functools.cache
def accepted(command: str, flag: str) -> bool:
    """Whether the command has the flag, shown in help or not: the program names the first one that it does not have."""
    if command == "help":
        return False
    done = subprocess.run([str(BIN), command, f"{flag}=false", "--no-such-flag"], capture_output=True, text=True)
    return "there is no flag --no-such-flag" in done.stderr


def code(text: str):
    """(line, code) of the spans and of the lines in blocks; a line that ends with a backslash goes on."""
    block, began, joined = False, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            block = not block and line[3:] in ("", "sh", "console")
            continue
        if not block and not line.startswith("    "):
            yield from ((number, span) for span in re.findall(r"`([^`]+)`", line))
            continue
        began = began or number
        joined += re.sub(r"\\$", " ", line)
        if not line.endswith("\\"):
            yield began, re.sub(r"(^|\s)#.*", "", joined).strip()
            began, joined = 0, ""


def keys_of(flag: str) -> set[str]:
    """The keys that the flag may stand for, with and without the name of a table in front."""
    in_table = re.sub(r"^(docker|dind|images|custom|cache(-s3|-gcs|-azure)?)-", "", flag[2:])
    return {plain_key(flag[2:]), plain_key(in_table)}


def plain_key(key: str) -> str:
    """The same for `AccountKey`, `account_key` and `account-key`."""
    return re.sub("[-_]", "", key).lower()


CALL = re.compile(r"^(?:\$ )?(?:sudo )?(?:[A-Z_]+=\S+ )*(?:\S*/)?runner ([a-z][\w-]*)(.*)$")


def problems(text: str) -> list[tuple[int, str]]:
    """What a document says of commands and flags that the program does not have."""
    found = []
    for line, snippet in code(text):
        for part in re.split(r"\s(?:\||&&|;)\s|;\s", snippet):
            call = CALL.match(part)
            flags = re.findall(r"(?<!\S)(--?[A-Za-z][\w-]*)", call[2] if call else part)
            if call and call[1] not in flags_of_commands():
                found.append((line, f"there is no command {call[1]}"))
            elif call:
                found += [(line, f"{call[1]} has no flag {flag}") for flag in flags
                          if flag not in ("--help", "-h", *flags_of_commands()[call[1]]) and not accepted(call[1], flag)]
            elif part.startswith("--") and flags[0] not in FOREIGN_FLAGS and not any(
                    accepted(name, flags[0]) for name in flags_of_commands()):
                found.append((line, f"no command has the flag {flags[0]}"))
    return found


def documents() -> dict[str, str]:
    """What is written for users."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


# It names what there is not, too; its tables have a test of their own.
COMPATIBILITY = "docs/compatibility.md"


def compatibility_rows(kind: str):
    """(line, cells) of the tables whose header begins so."""
    header = []
    for number, line in enumerate(documents()[COMPATIBILITY].splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        header = (header or cells) if cells else []
        if header and header[0] == kind and "Here" in header and cells != header and set(line) - set("|- "):
            yield number, cells[header.index("Here") - 1], cells[header.index("Here")], cells[0]


class Documents(SystemCase):
    def test_commands_and_flags_in_documents_exist(self):
        for path, text in documents().items():
            if path != COMPATIBILITY:
                self.assertEqual([f"{path}:{line}: {what}" for line, what in problems(text)], [])

    def test_wrong_commands_and_flags_are_found(self):
        for text, what in (("`runner regster`", "there is no command regster"),
                           ("Type `runner run --listen-adress x`.", "run has no flag --listen-adress"),
                           ("```sh\nx | sudo runner register \\\n  --tken x\n```", "register has no flag --tken"),
                           ("`runner verify -z`", "verify has no flag -z"),
                           ("The flag `--tken`", "no command has the flag --tken")):
            self.assertEqual([found for _, found in problems(text)], [what])
        self.assertEqual(problems("```sh\nsudo runner register -u x --tag-list a,b  # --none\ndocker run --rm x\n```\n"
                                  "`runner run --syslog`, `--add-host`, `--tag-list`"), [])

    def test_every_command_is_documented(self):
        text = "\n".join(documents().values())
        listed = documents().get("docs/commands.md", "")
        self.assertEqual([name for name in flags_of_commands()
                          if not re.search(rf"\brunner {name}\b", text) and f"`{name}`" not in listed], [])

    def test_every_flag_is_documented(self):
        texts = documents()
        named = set(re.findall(r"--[\w-]+", "\n".join(texts.values())))
        keys = {plain_key(key) for key in re.findall(r"^\| `([\w-]+)` \|", texts["docs/configuration.md"], re.M)}
        missing = {name: sorted(flag for flag in flags - named
                                # docs/configuration.md says how the flag of a key is made.
                                if name not in ("register", "run-single") or not keys_of(flag) & keys)
                   for name, flags in flags_of_commands().items()}
        self.assertEqual({name: flags for name, flags in missing.items() if flags}, {})

    def test_commands_and_flags_of_the_compatibility_table(self):
        wrong = []
        for line, cell, state, _ in compatibility_rows("Command"):
            wrong += [f"{COMPATIBILITY}:{line}: {name} is {state}" for name in re.findall(r"`([\w-]+)`", cell)
                      if (name in flags_of_commands()) == (state == "not here")]
        for line, cell, state, command in compatibility_rows("Flag of"):
            wrong += [f"{COMPATIBILITY}:{line}: {flag} is {state}" for flag in re.findall(r"`(--?[\w-]+)`", cell)
                      if accepted(command.strip("`"), flag) == (state == "not here")]
        self.assertEqual(wrong, [])

    def test_every_metric_of_a_daemon_is_documented(self):
        port = free_port()
        self.start_with({"name": "st"}, listen_address=f"127.0.0.1:{port}")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            names = re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.M)
        self.assertIn("gitlab_runner_jobs", names)
        text = "\n".join(documents().values())
        self.assertEqual([name for name in names if not re.search(rf"\b{name}\b", text)], [])


if __name__ == "__main__":
    unittest.main()
