"""How the checks read C++: text without its comments and literals, and a rough list of what a file defines."""

import re
from dataclasses import dataclass, field

PARTS = re.compile(
    r'R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\''
    r"|//[^\n]*|/\*.*?\*/", re.S)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def is_comment(part):
    return part.startswith(("//", "/*"))


def without_text(source):
    """The source with comments, literals and preprocessor lines blanked, line breaks kept."""

    def emptied(match):
        # A raw string stays a token, so that what is around it reads as before.
        return '""' + blank(match[0][2:]) if match[0].startswith("R") else blank(match[0])

    source = PARTS.sub(emptied, source)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), source, flags=re.M)


def only(text, spans):
    """The text with everything outside of the spans blanked."""
    kept, end = [], 0
    for begin, stop in spans:
        kept += [blank(text[end:begin]), text[begin:stop]]
        end = stop
    return "".join(kept) + blank(text[end:])


def only_comments(source):
    """The source with everything but its comments blanked; their marks stay."""
    return only(source, [m.span() for m in PARTS.finditer(source) if is_comment(m[0])])


@dataclass
class Function:
    name: str
    line: int
    lines: int


@dataclass
class Class:
    name: str
    line: int
    # Without constructors, destructors, what is defaulted, and overrides: those are counted in their interface.
    methods: list = field(default_factory=list)
    members: list = field(default_factory=list)  # those with the trailing underscore


@dataclass
class Scope:
    kind: str  # open (a namespace), class, function, block, init
    item: object = None
    words: list = field(default_factory=list)  # of the statement that is being read: (token, line)
    depth: int = 0  # of parentheses and square brackets within the statement


TOKEN = re.compile(r"::|->|\[\[|\]\]|[A-Za-z_]\w*|\S")
OPENERS, CLOSERS = {"(", "[", "[["}, {")", "]", "]]"}


def outside_of_angles(tokens):
    """The tokens that are not template arguments; an operator's name is none."""
    out, depth = [], 0
    for at, token in enumerate(tokens):
        after_name = at > 0 and (tokens[at - 1][:1].isalnum() or tokens[at - 1][:1] == "_")
        if token == "<" and after_name and tokens[at - 1] != "operator":
            depth += 1
        elif token == ">" and depth:
            depth -= 1
        elif not depth:
            out.append(token)
    return out


class Outline:
    """The functions and classes of one file. Rough: macros and odd layouts may be missed."""

    def __init__(self, source):
        self.functions, self.classes = [], []
        self.scopes = [Scope("open")]
        text, line, at = without_text(source), 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", at, match.start())
            at = match.start()
            self.take(match[0], line)

    def take(self, token, line):
        scope = self.scopes[-1]
        if token == "{":
            self.open(scope, line)
        elif token == "}":
            self.close(line)
        elif scope.kind in ("function", "block", "init"):
            return
        elif token == ";" and not scope.depth:
            self.statement(scope)
        elif token == ":" and scope.kind == "class" and scope.words[-1:] and \
                scope.words[-1][0] in ("public", "private", "protected"):
            scope.words = []
        else:
            scope.depth += (token in OPENERS) - (token in CLOSERS)
            scope.words.append((token, line))

    def open(self, scope, line):
        if scope.kind not in ("open", "class") or scope.depth:
            self.scopes.append(Scope("block" if scope.kind in ("function", "block") else "init"))
            return
        words = outside_of_angles([token for token, _ in scope.words])
        if words[:1] == ["template"]:
            words = words[1:]
        kind, item = self.opened(scope, words, line)
        self.scopes.append(Scope(kind, item))

    def opened(self, scope, words, line):
        keywords = [w for w in words if w in ("namespace", "class", "struct", "union", "enum", "extern")]
        if not keywords and "(" in words:
            return self.body(scope, words, line)
        if "enum" in keywords or "=" in words or not keywords:
            return "init", None
        if keywords[0] in ("namespace", "extern"):
            return "open", None
        if "(" in words:
            return self.body(scope, words, line)
        head = words[words.index(keywords[0]) + 1:]
        head = head[:head.index(":")] if ":" in head else head
        names = [w for w in head if w.isidentifier() and w not in ("final", "nodiscard")]
        item = Class(names[-1] if names else "", line)
        self.classes.append(item)
        return "class", item

    def body(self, scope, words, line):
        if "=" in words[:words.index("(")] and "operator" not in words:
            return "init", None
        after = words[words.index("("):]
        listed = ")" in after and ":" in after[after.index(")"):]
        if listed and (words[-1].isidentifier() or words[-1] == ">"):
            return "init", None  # of a member in a constructor's list
        at = words.index("(")
        name = "operator" if "operator" in words else words[at - 1] if at else ""
        if "~" in words[:at]:
            name = "~" + name
        lines = [row for token, row in scope.words if token == name.lstrip("~")]
        return "function", Function(self.qualified(words, at, name), lines[0] if lines else line, 0)

    def qualified(self, words, at, name):
        owner = next((s.item.name for s in reversed(self.scopes) if s.kind == "class"), "")
        if at >= 3 and words[at - 2] == "::":
            owner = words[at - 3]
        return f"{owner}::{name}" if owner else name

    def close(self, line):
        if len(self.scopes) == 1:
            return
        scope, parent = self.scopes.pop(), self.scopes[-1]
        if scope.kind == "function":
            scope.item.lines = line - scope.item.line + 1
            self.functions.append(scope.item)
            if parent.kind == "class":
                self.declared(parent.item, [token for token, _ in parent.words])
            parent.words = []
        elif scope.kind == "open":
            parent.words = []
        elif scope.kind == "init" and not parent.depth:
            parent.words.append(("{}", line))

    def statement(self, scope):
        if scope.kind == "class":
            self.declared(scope.item, [token for token, _ in scope.words])
        scope.words = []

    def declared(self, owner, tokens):
        words = outside_of_angles(tokens)
        if words[:1] == ["template"]:
            words = words[1:]
        head = words[:1] + [w for w in words if w in ("using", "friend", "static_assert", "typedef")]
        if not words or set(head) & {"using", "friend", "static_assert", "typedef", "class", "struct", "enum"}:
            return
        while words and words[0] == "[[":  # an attribute
            words = words[words.index("]]") + 1:]
        if "(" in words:
            self.method(owner, words)
            return
        before = words[:min((words.index(w) for w in ("=", "{}") if w in words), default=len(words))]
        if before and before[-1].endswith("_") and "static" not in before:
            owner.members.append(before[-1])

    @staticmethod
    def method(owner, words):
        at = words.index("(")
        name = "operator" if "operator" in words[:at + 1] else words[at - 1]
        defaulted = words[-2:] in (["=", "default"], ["=", "delete"])
        if name != owner.name and "~" not in words[:at] and not defaulted and "override" not in words[at:]:
            owner.methods.append(name)
