"""How .ci/check-documents reads the program: keys, metrics, tests and texts in the sources, and the tables of Markdown."""

import re

TYPES = {"kString": "string", "kInt": "integer", "kInt64": "integer", "kFloat": "number", "kBool": "boolean",
         "kDuration": "duration", "kDatetime": "date", "kMemory": "size", "kAutoOrCount": "auto or number", "kCpus": "string", "kStrings": "array",
         "kStringOrStrings": "string or array", "kStringMap": "table", "kBoolMap": "table of booleans",
         "kStringsMap": "table of arrays", "kAny": "any"}


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def series(name):
    """The name of the histogram for those that a scrape shows of it."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


class Key:
    def __init__(self, name, type_, default, used):
        self.name, self.type, self.default, self.used = name, type_, default, used


def read_schema(files):
    """{section: {key: Key}} of the tables in runner/config/schema_*.cpp."""
    sections = {}
    for path, text in files.items():
        if not re.fullmatch(r"runner/config/schema_\w+\.cpp", path):
            continue
        text = re.sub(r"//[^\n]*", "", text)
        lists = {}
        for name, body in re.findall(r"constexpr Key (k\w+)\[\] = \{(.*?)\};", text, re.S):
            # A row without key() or ignored() is one that is read and has a reason why it is not used.
            lists[name] = [Key(key, TYPES[kind], re.sub(r'"\s*"', "", default or '""').strip('"'), maker == "key(")
                           for maker, key, kind, default in re.findall(
                               r'\b(key\(|ignored\(|Key\{)\s*"([\w-]+)",\s*Type::(\w+)(?:,\s*((?:"[^"]*"\s*)+))?',
                               body)]
        for section, name in re.findall(r'^\s*\{"([\w.]*)",\s*(k\w+|\{\}),', text, re.M):
            sections[section] = {key.name: key for key in lists.get(name, [])}
    return sections


def read_metrics(files):
    """Names in the calls that make a series."""
    names = set()
    for path, text in files.items():
        if path.startswith("runner/") and path.endswith(".cpp"):
            names |= set(re.findall(r'\b(?:gauge|counter|histogram|summary)\(\s*\w+,\s*"([a-z0-9_]+)"', text))
    return names


def read_tests(files):
    """{file's path: names of its tests}"""
    tests = {}
    for path, text in files.items():
        if path.startswith("tests/") and path.endswith(".py"):
            tests[path] = set(re.findall(r"^\s*(?:async )?def (test_\w+)", text, re.M))
        elif path.startswith("tests/") and path.endswith(".cpp"):
            tests[path] = set(re.findall(r"^\s*(?:TYPED_)?TEST(?:_[FP])?\(\s*\w+,\s*(\w+)\s*\)", text, re.M))
    return tests


def read_texts(files):
    """All texts of the program, one a line."""
    texts = []
    for path, text in files.items():
        if path.startswith(("base/", "executors/", "protocol/", "runner/")):
            for match in re.finditer(r'"((?:\\.|[^"\\\n])*)"(?:\s*"(?:\\.|[^"\\\n])*")*', text):
                joined = re.sub(r'(?<!\\)"\s*"', "", match[0])[1:-1]
                texts.append(joined.replace('\\"', '"').replace("\\n", " ").replace("{}", "…"))
    return "\n" + "\n\n".join(texts) + "\n"


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def tables(text):
    """(header's cells, [(line, cells)], the heading above) of every table."""
    heading, header, rows = "", None, []
    for number, line in enumerate(text.splitlines() + [""], 1):
        if not line.startswith("|") and header is not None:
            yield header, rows, heading
            header, rows = None, []
        if line.startswith("#"):
            heading = line
        elif line.startswith("|") and header is None:
            header = cells(line)
        elif line.startswith("|") and set(line) - set("|-: "):
            rows.append((number, cells(line)))
