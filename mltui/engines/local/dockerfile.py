"""What a Dockerfile says about running: CMD, ENTRYPOINT, WORKDIR and ENV of its last (or the named) stage.

The local engine has no image whose configuration it could ask, so it reads the same from the text. Instructions that
build the file system (RUN, COPY, ADD) are passed over: the environment and the project's folder stand in for them.
The forms are those of the Dockerfile reference: exec and shell form, line continuation, the ``escape`` directive,
comments, here-documents, ``ARG`` with defaults, ``$name``, ``${name}``, ``${name:-default}``, ``${name:+other}``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import join, normpath

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_VARIABLE = re.compile(r"\\\$|\$(\w+)|\$\{(\w+)(?::([-+])([^}]*))?\}")
_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True)
class ImageConfig:
    """How an image is run, as far as its Dockerfile says."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def read_dockerfile(text: str, args: Mapping[str, str] | None = None, target: str = "") -> ImageConfig:
    """The configuration of the image that ``text`` builds with these build arguments, for stage ``target``."""
    reader = _Reader(dict(args or {}))
    for name, rest in _instructions(text):
        if name == "FROM" and target and reader.stage == target.lower():
            break
        reader.read(name, rest)
    return reader.stages.get(target.lower(), reader.config) if target else reader.config


class _Reader:
    """Walks the instructions of one Dockerfile."""

    def __init__(self, args: dict[str, str]) -> None:
        self.config = ImageConfig()
        self.stages: dict[str, ImageConfig] = {}
        self.stage = ""
        self._given = args
        self._global: dict[str, str] = {}
        self._args: dict[str, str] | None = None
        self._shell: tuple[str, ...] = _SHELL
        self._own_command = False

    def read(self, name: str, rest: str) -> None:
        steps = {
            "FROM": self._from, "ARG": self._arg, "ENV": self._env, "WORKDIR": self._workdir,
            "SHELL": self._use_shell, "CMD": self._cmd, "ENTRYPOINT": self._entrypoint,
        }  # fmt: skip
        if name in steps:
            steps[name](rest)
            self.stages[self.stage] = self.config

    def _from(self, rest: str) -> None:
        words = [word for word in self._expand(rest).split() if not word.startswith("--")]
        base = words[0].lower() if words else ""
        self.config = self.stages.get(base, ImageConfig()) if base else ImageConfig()
        self.stage = words[2].lower() if len(words) == 3 else f"\0{len(self.stages)}"
        self._args, self._shell, self._own_command = {}, _SHELL, False

    def _arg(self, rest: str) -> None:
        for word in _words(rest):
            name, has_default, default = word.partition("=")
            known = self._args if self._args is not None else self._global
            value = self._given.get(name, self._expand(default) if has_default else self._global.get(name))
            if value is not None:
                known[name] = value

    def _env(self, rest: str) -> None:
        pairs = [word.partition("=")[::2] for word in _words(rest)] if _is_assignments(rest) else [_old_form(rest)]
        values = {name: self._expand(value) for name, value in pairs if name}
        self.config = replace(self.config, environment={**self.config.environment, **values})

    def _workdir(self, rest: str) -> None:
        path = normpath(join(self.config.working_dir or "/", self._expand(rest).strip("\"'")))
        self.config = replace(self.config, working_dir=path)

    def _use_shell(self, rest: str) -> None:
        self._shell = _exec_form(rest) or _SHELL

    def _cmd(self, rest: str) -> None:
        self._own_command = True
        self.config = replace(self.config, command=self._argv(rest))

    def _entrypoint(self, rest: str) -> None:
        command = self.config.command if self._own_command else ()
        self.config = replace(self.config, entrypoint=self._argv(rest), command=command)

    def _argv(self, rest: str) -> tuple[str, ...]:
        argv = _exec_form(rest)
        if argv is not None:
            return argv
        return (*self._shell, rest) if rest else ()

    def _expand(self, text: str) -> str:
        scope = self._global if self._args is None else {**self._args, **self.config.environment}

        def value(match: re.Match[str]) -> str:
            if match[0] == "\\$":
                return "$"
            known = scope.get(match[1] or match[2], "")
            if match[3] == "-":
                return known or match[4]
            return (match[4] if known else "") if match[3] == "+" else known

        return _VARIABLE.sub(value, text)


def _exec_form(rest: str) -> tuple[str, ...] | None:
    """The words of a JSON array of strings; ``None`` for the shell form."""
    if not rest.startswith("["):
        return None
    try:
        words = json.loads(rest)
    except ValueError:
        return None
    return tuple(words) if all(isinstance(word, str) for word in words) else None


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError:
        return rest.split()


def _is_assignments(rest: str) -> bool:
    return "=" in rest.split(None, 1)[0] if rest else False


def _old_form(rest: str) -> tuple[str, str]:
    name, _, value = rest.partition(" ")
    return name, value.strip()


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction's name, in capitals, and the rest of it on one line; here-documents are passed over."""
    lines = iter(text.lstrip("\ufeff").splitlines())
    escape = _escape(text)
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole = line.strip()
        while whole.endswith(escape):
            follow = next((more for more in lines if more.strip() and not more.lstrip().startswith("#")), "")
            whole = whole[:-1].rstrip() + " " + follow.strip()
        for _, mark in _HEREDOC.findall(whole):
            next((more for more in lines if more.strip() == mark), None)
        name, _, rest = whole.partition(" ")
        yield name.upper(), rest.strip()


def _escape(text: str) -> str:
    """The line continuation character: a backslash unless the first lines direct otherwise."""
    for line in text.splitlines():
        match = _DIRECTIVE.match(line.strip())
        if match is None:
            return "\\"
        if match[1].lower() == "escape":
            return match[2]
    return "\\"
