"""Images for tests, made on this machine: no registry is asked.

``load_busybox`` takes a tenth of a second. ``load_python`` unpacks Python from this machine's Debian packages, which
are fetched once and kept in a cache folder; what ``site_packages`` names can be mounted or put into it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from mltui.engines.docker.client import DockerClient
from mltui.engines.docker.endpoint import find_endpoint
from tests.support.require import unavailable

BUSYBOX = "mltui-test/busybox"
PYTHON = "mltui-test/python"

#: Where an image of ``load_python(mounted=True)`` looks for its packages.
SITE = "/site"
_PACKAGES = "usr/local/lib/python3.11/dist-packages"

#: Python, its libraries and a shell, as packages of Debian 12.
PACKAGES = (
    "python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libc6 libc-bin zlib1g libexpat1 libssl3 libffi8 "
    "libbz2-1.0 liblzma5 libsqlite3-0 libgcc-s1 libstdc++6 media-types libcrypt1 busybox-static libuuid1 libtinfo6 "
    "libncursesw6 libreadline8 base-files base-passwd netbase"
)
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\n"


def import_image(url: str, tag: str, archive: IO[bytes] | Iterable[bytes], changes: Iterable[str] = ()) -> None:
    """Make the image ``tag`` of the engine at ``url`` from a tar of its root folder (``docker import``)."""
    repository, _, version = tag.partition(":")
    params = {"fromSrc": "-", "repo": repository, "tag": version or "latest", "changes": list(changes)}
    with DockerClient(find_endpoint(url)).call(f"{tag} was not imported", timeout=300) as api:
        answer = api._post(api._url("/images/create"), data=archive, params=params, timeout=600)
    last = json.loads(answer.text.strip().splitlines()[-1])
    assert answer.ok, answer.text
    assert "error" not in last, last


def load_busybox(url: str, tag: str = BUSYBOX) -> None:
    """An image with a shell and the usual small commands."""
    busybox = shutil.which("busybox")
    if not busybox:
        unavailable("busybox is not installed (package busybox-static)")
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox, "bin/busybox")
        for name in names:
            if name != "busybox":
                archive.addfile(_link(f"bin/{name}", "busybox"))
        _add_text(archive, "etc/passwd", _PASSWD)
        _add_text(archive, "etc/group", _GROUP)
        archive.addfile(_folder("tmp", 0o1777))
    buffer.seek(0)
    import_image(url, tag, buffer, ["ENV PATH=/bin", 'CMD ["sh"]'])


def load_python(url: str, tag: str = PYTHON, site_packages: Path | None = None, *, mounted: bool = False) -> None:
    """An image with Python 3.11 as ``python`` and ``python3``; ``site_packages`` are put into it when given.

    TensorFlow's two gigabytes take a minute. ``mounted`` takes two seconds: pip finds all packages installed, so that
    a Dockerfile builds on the image, and containers import them from what is mounted at ``SITE``.
    """
    root = python_root()
    paths = [(str(root), ".")]
    if site_packages:
        taken = sorted(filter(_is_of_pip, site_packages.iterdir())) if mounted else [site_packages]
        paths += [(str(path), f"{_PACKAGES}/{path.name}" if mounted else _PACKAGES) for path in taken]
    if mounted:
        paths.append((str(_mounted_path()), f"{_PACKAGES}/mounted.pth"))
    changes = ["ENV PATH=/usr/local/bin:/usr/bin:/bin", 'CMD ["python3"]']
    with _streamed(paths) as archive:
        import_image(url, tag, archive, changes)


def _is_of_pip(path: Path) -> bool:
    return path.suffix == ".dist-info" or path.name in ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def _mounted_path() -> Path:
    """A file by which Python also looks into ``SITE``."""
    file = cache_folder() / "mounted.pth"
    file.write_text(f"{SITE}\n")
    return file


def python_root() -> Path:
    """The root folder of the Python image, unpacked once; skips the test where Debian's packages are not at hand."""
    root = cache_folder() / "python-root"
    if not (root / "usr/bin/python3").exists():
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            unavailable("the Python image is made from Debian packages, and apt-get is not here")
        _unpack(root)
    return root


def cache_folder() -> Path:
    """Where test images are kept between runs: ``MLTUI_TEST_CACHE``, else the user's cache."""
    base = os.environ.get("MLTUI_TEST_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(base) / "mltui-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _unpack(root: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache_folder()) as temporary:
        folder, made = Path(temporary), Path(temporary) / "root"
        done = subprocess.run(
            ["apt-get", "download", *PACKAGES.split()], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            unavailable(f"Debian's packages cannot be fetched: {done.stderr.strip()[-300:]}")
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, made], check=True)
        _finish(made)
        with contextlib.suppress(OSError):
            made.rename(root)


def _finish(root: Path) -> None:
    """What the packages' install scripts would do: commands, users, the loader's cache."""
    listed = subprocess.run([root / "bin/busybox", "--list"], capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        path = root / "bin" / name
        if not path.exists() and not path.is_symlink():
            path.symlink_to("busybox")
    for name in ("python3", "python"):
        (root / "usr/bin" / name).unlink(missing_ok=True)
        (root / "usr/bin" / name).symlink_to("python3.11")
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text(_GROUP)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    subprocess.run(["ldconfig", "-r", root], check=False, capture_output=True)


def host_site_packages(module: str) -> Path | None:
    """A folder of packages for Python 3.11 that has ``module``: ``MLTUI_TEST_SITE_PACKAGES``, or this interpreter's."""
    wanted = [os.environ.get("MLTUI_TEST_SITE_PACKAGES", "")]
    if sys.version_info[:2] == (3, 11):
        wanted += sys.path
    return next((Path(path) for path in wanted if path and (Path(path) / module).is_dir()), None)


@contextlib.contextmanager
def _streamed(paths: list[tuple[str, str]]) -> Iterator[IO[bytes]]:
    """A tar of ``paths`` (from, to) that is written while it is read."""
    reader, writer = os.pipe()

    def write() -> None:
        with (
            contextlib.suppress(BrokenPipeError),
            os.fdopen(writer, "wb") as pipe,
            tarfile.open(fileobj=pipe, mode="w|", bufsize=1 << 20) as archive,
        ):
            for source, target in paths:
                archive.add(source, target, filter=_rooted)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    with os.fdopen(reader, "rb") as pipe:
        yield pipe
    thread.join(60)


def _rooted(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def _folder(name: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    return entry


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text.encode()))
