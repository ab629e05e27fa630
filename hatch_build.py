"""Compiles the hot modules of the metric reader with mypyc, in builds that ask for it.

``HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 pip install .`` does; every other build is plain Python and needs no compiler. What
is compiled is written into the wheel alone, beside its source: never into the tree, where it would outlive an edit.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from setuptools import Extension


class CompiledReader(BuildHookInterface):
    """The modules that ``compile`` names in ``pyproject.toml`` become extension modules of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say which files belong into the wheel. An editable install reads the source, and has none."""
        if version == "editable":
            return
        self._made = TemporaryDirectory(prefix="mltui-")
        built = Path(self._made.name, "lib")
        with contextlib.chdir(self.root):
            paths = [str(path) for pattern in self.config["compile"] for path in sorted(Path().glob(pattern))]
            _compile([path for path in paths if not path.endswith("__init__.py")], built)
        build_data["force_include"].update({str(file): str(file.relative_to(built)) for file in built.rglob("*.*")})
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is written: what was compiled for it can go."""
        if version != "editable":
            self._made.cleanup()


def _compile(paths: list[str], built: Path) -> None:
    """Compile the modules at ``paths`` into the folder ``built``, where they lie as in the tree."""
    from mypyc.build import mypycify

    made = built.with_name("made")
    _check_compiler(built.with_name("check"))
    # More than -Og makes it no faster that can be measured, and takes a third longer.
    how = {"opt_level": "g", "debug_level": "0", "group_name": "mltui", "target_dir": str(made)}
    _build(mypycify(["--config-file=", f"--cache-dir={made / 'cache'}", *paths], **how), built, made)


def _check_compiler(folder: Path) -> None:
    """Say at once, in a sentence, what is missing: to translate the modules into C takes a while."""
    from setuptools import Extension
    from setuptools.errors import BaseError, CompileError

    folder.mkdir()
    source = folder / "check.c"
    source.write_text("#include <Python.h>\nPyObject *PyInit_check(void) { return NULL; }\n")
    try:
        _build([Extension("check", [str(source)])], folder, folder)
    except (BaseError, CompileError) as error:
        raise SystemExit(
            f"The metric reader cannot be compiled here: {error}. It takes a C compiler and Python's headers "
            "(on Debian: apt-get install gcc libc6-dev python3-dev); without HATCH_BUILD_HOOK_ENABLE_CUSTOM neither."
        ) from None


def _build(modules: list[Extension], built: Path, made: Path) -> None:
    from setuptools import Distribution

    command = Distribution({"name": "mltui", "ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(built), str(made)
    command.ensure_finalized()
    command.run()
