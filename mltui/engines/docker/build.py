"""Images made ready: found, pulled, or built when missing or stale, with progress and a clear refusal."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mltui.domain.errors import EngineError, ImageError, NotFound
from mltui.domain.figures import format_bytes
from mltui.domain.launch import BuildSpec, LaunchSpec
from mltui.domain.run import LABEL_CONTEXT
from mltui.domain.text import clean, one_line
from mltui.engines.base import ImageRef, Progress, ProgressCallback
from mltui.engines.docker.client import PATIENT, DockerClient
from mltui.engines.docker.context import BuildContext, FileDigests
from mltui.engines.docker.sending import Sending
from mltui.engines.docker.wire import EngineStream, Refused

#: Lines of a failed build that are kept.
TAIL = 25
#: Seconds between two calls of the progress callback at most, so that a silent step can be cancelled too.
HEARTBEAT = 0.25
_STEP = re.compile(r"step (\d+)/(\d+) ?: ", re.IGNORECASE)


class ImageBuilder:
    """Makes the images of launches ready on one engine."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client
        self._digests: FileDigests = {}

    def ready(self, spec: LaunchSpec) -> bool:
        """``prepare`` would build and pull nothing."""
        if spec.pull_policy == "build" or (spec.pull_policy == "always" and not spec.build):
            return False
        image = self._inspect(spec.image)
        return image is not None and (spec.build is None or self._fresh(image, spec.build))

    def prepare(self, spec: LaunchSpec, progress: ProgressCallback) -> ImageRef:
        """The image of ``spec``, made if need be. What ``progress`` raises ends the work and comes out here."""
        if self.ready(spec):
            return ImageRef(spec.image, self._id(spec.image))
        if spec.build is not None:
            return self._build(spec, spec.build, progress)
        if spec.pull_policy in ("never", "build"):
            raise ImageError(
                f"The image {spec.image} is not on the engine, and its pull policy is {spec.pull_policy}.",
                f"Get it with `docker pull {spec.image}`, or set `pull_policy: missing`.",
            )
        return self._pull(spec, progress)

    def _inspect(self, name: str) -> dict[str, Any] | None:
        try:
            with self._client.call(f"The image {one_line(name)} cannot be inspected") as api:
                return dict(api.inspect_image(name))
        except NotFound:
            return None

    def _id(self, name: str) -> str:
        return str((self._inspect(name) or {}).get("Id", ""))

    def _fresh(self, image: Mapping[str, Any], build: BuildSpec) -> bool:
        return _context_of(image) == BuildContext(build).digest(self._digests)

    # -- building

    def _build(self, spec: LaunchSpec, build: BuildSpec, progress: ProgressCallback) -> ImageRef:
        context = BuildContext(build)
        digest = context.digest(self._digests)
        sending = Sending(context.size)
        follower = Follower(progress, sending)
        if sending.announcement:
            progress(Progress(sending.announcement))
        try:
            _pump(lambda: self._open_build(spec, context, digest, sending), follower)
        except Refused as error:
            raise build_refusal(spec.image, error.text, follower) from error
        except OSError as error:
            raise ImageError(f"The context of {spec.image} cannot be sent: {one_line(str(error))}.") from error
        if follower.error:
            raise build_refusal(spec.image, follower.error, follower)
        image = self._inspect(spec.image)
        # The connection may have broken off, and what has the name now be what was to be replaced.
        if image is None or _context_of(image) != digest:
            raise ImageError(f"The build of {spec.image} ended before it was done.", "", tuple(follower.tail))
        return ImageRef(spec.image, str(image.get("Id", "")), built=True)

    def _open_build(self, spec: LaunchSpec, context: BuildContext, digest: str, sending: Sending) -> EngineStream:
        build = context.spec
        params = {
            "t": spec.image,
            "dockerfile": context.dockerfile[0],
            "buildargs": json.dumps(dict(build.args)),
            "labels": json.dumps({LABEL_CONTEXT: digest}),
            "rm": 1,
            "forcerm": 1,
        }
        params |= {k: v for k, v in (("target", build.target), ("networkmode", build.network)) if v}
        with context.archive(sending):
            headers = {
                "Content-Type": "application/x-tar",
                "Content-Length": str(sending.begin()),
                **self._registry_headers(),
            }
            return self._client.stream("POST", "/build", params, body=sending, headers=headers, timeout=PATIENT)

    def _registry_headers(self, image: str = "") -> dict[str, str]:
        """The person's logins, as ``docker login`` left them: all of them for a build, one for a pull."""
        from docker import auth

        try:
            config = auth.load_config()
            if not image:
                found = config.get_all_credentials()  # type: ignore[no-untyped-call]
                name = "X-Registry-Config"
            else:
                found = auth.resolve_authconfig(config, auth.resolve_repository_name(image)[0])
                name = "X-Registry-Auth"
            return {name: auth.encode_header(found).decode()} if found else {}
        except Exception:
            # A broken credential helper must not keep public images from being used.
            return {}

    # -- pulling

    def _pull(self, spec: LaunchSpec, progress: ProgressCallback) -> ImageRef:
        follower = Follower(progress)
        params = {"fromImage": spec.image} if _tagged(spec.image) else {"fromImage": spec.image, "tag": "latest"}
        headers = self._registry_headers(spec.image)
        progress(Progress(f"Pulling {spec.image}"))
        try:
            _pump(
                lambda: self._client.stream("POST", "/images/create", params, headers=headers, timeout=PATIENT),
                follower,
            )
        except Refused as error:
            raise pull_refusal(spec.image, error.text) from error
        if follower.error:
            raise pull_refusal(spec.image, follower.error)
        found = self._id(spec.image)
        if not found:
            raise ImageError(f"The pull of {spec.image} ended before it was done.")
        return ImageRef(spec.image, found, built=True)


def _context_of(image: Mapping[str, Any]) -> str | None:
    """The digest of the context that an inspected image was built from; ``None``: mltui did not build it."""
    found = ((image.get("Config") or {}).get("Labels") or {}).get(LABEL_CONTEXT)
    return None if found is None else str(found)


def _tagged(image: str) -> bool:
    return "@" in image or ":" in image.rpartition("/")[2]


class Follower:
    """Turns the engine's messages into progress and remembers the last lines."""

    def __init__(self, progress: ProgressCallback, sending: Sending | None = None) -> None:
        self._progress = progress
        self._sending = sending
        self.step = self.steps = 0
        self.instruction = ""
        self.error = ""
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._layers: dict[str, tuple[float, float]] = {}

    def beat(self) -> None:
        """Nothing new from the engine; how far its context is, and the callback's chance to cancel."""
        now, fraction = self._sending.now() if self._sending else ("", None)
        self._progress(Progress("", self.step, self.steps, fraction, now))

    def message(self, line: bytes) -> None:
        """One message of the engine, a JSON object."""
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if "stream" in message:
            for text in clean(str(message["stream"])).splitlines():
                self._line(text.rstrip())
        elif "error" in message:
            self.error = one_line(str(message["error"]), 2000)
            self._line(self.error)
        elif "status" in message:
            self._status(message)

    def _line(self, text: str) -> None:
        if not text:
            return
        if found := _STEP.match(text):
            self.step, self.steps, self.instruction = int(found[1]), int(found[2]), text[found.end() :]
        self.tail.append(text)
        self._progress(Progress(text, self.step, self.steps))

    def _status(self, message: Mapping[str, Any]) -> None:
        layer, detail = str(message.get("id") or ""), message.get("progressDetail") or {}
        text = one_line(f"{layer}: {message['status']}" if layer else str(message["status"]))
        if detail.get("total"):
            self._layers[layer] = (float(detail.get("current") or 0), float(detail["total"]))
            self._progress(Progress("", self.step, self.steps, self._fraction(), self._pulling()))
        elif text:
            self.tail.append(text)
            self._progress(Progress(text, self.step, self.steps, self._fraction()))

    def _fraction(self) -> float | None:
        total = sum(size for _, size in self._layers.values())
        return min(1.0, sum(done for done, _ in self._layers.values()) / total) if total else None

    def _pulling(self) -> str:
        done, total = (format_bytes(sum(one)) for one in zip(*self._layers.values(), strict=True))
        return f"Pulling layers: {done} of {total}"


def _pump(opened: Callable[[], EngineStream], follower: Follower) -> None:
    """Follow the stream that ``opened`` opens; the work runs beside, so that the callback is asked while it is silent.

    When the callback raises, the connection is closed, upon which the engine ends the work.
    """
    arrived: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=1000)
    cancelled = threading.Event()
    streams: list[EngineStream] = []

    def read() -> None:
        try:
            stream = opened()
            streams.append(stream)
            for line in _until(cancelled, stream):
                arrived.put(line)
            arrived.put(None)
        except BaseException as error:
            arrived.put(error)

    reader = threading.Thread(target=read, name="image", daemon=True)
    reader.start()
    try:
        _follow(arrived, follower)
    finally:
        cancelled.set()
        for stream in streams:
            stream.close()
        with contextlib.suppress(queue.Empty):
            while True:
                arrived.get_nowait()


def _until(cancelled: threading.Event, stream: EngineStream) -> Iterator[bytes]:
    for line in stream.lines():
        if cancelled.is_set():
            break
        yield line
    stream.close()


def _follow(arrived: queue.Queue[bytes | BaseException | None], follower: Follower) -> None:
    while True:
        try:
            item = arrived.get(timeout=HEARTBEAT)
        except queue.Empty:
            follower.beat()
            continue
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        follower.message(item)


#: What a registry's or builder's refusal looks like, the sentence about the image, and the cure.
_REFUSALS = (
    (r"toomanyrequests|pull rate limit", "the registry's pull limit is reached",
     "Log in with `docker login`, wait, or use an image that is on the engine."),
    (r"pull access denied|repository does not exist|may require|requested access to the resource is denied|"
     r"unauthorized|authentication required", "there is no such image, or it is private",
     "Check the name; for a private image, `docker login` first."),
    (r"manifest unknown|manifest for .* not found|not found: manifest|no matching manifest|failed to resolve reference"
     r"|tag .* not found", "there is no such tag of it",
     "Choose a tag that exists and fits this machine's architecture."),
    (r"invalid reference format|invalid repository name|must be lowercase", "its name is not a valid image name",
     "Write it as NAME:TAG, in lower case."),
    (r"no such host|dial tcp|i/o timeout|TLS handshake|connection refused|network is unreachable|EOF$"
     r"|Client\.Timeout|server misbehaving", "the registry cannot be reached",
     "Check the engine's network and proxy; an image that is on the engine needs none."),
    (r"[Nn]o space left on device", "the engine's disk is full",
     "`docker system df` shows what fills it; `docker image prune` and `docker builder prune` make room."),
)  # fmt: skip


def _meaning(text: str) -> tuple[str, str] | None:
    for pattern, meaning, cure in _REFUSALS:
        if re.search(pattern, text):
            return meaning, cure
    return None


def pull_refusal(image: str, text: str) -> EngineError:
    """Why an image could not be pulled."""
    known = _meaning(text)
    shown = one_line(text.rstrip("."), 300)
    if known is None:
        return ImageError(f"The image {image} was not pulled: {shown}.")
    return ImageError(f"The image {image} was not pulled: {known[0]} ({shown}).", known[1])


def build_refusal(image: str, text: str, follower: Follower) -> ImageError:
    """Why an image did not build: the step that failed, and the last lines."""
    where = (
        f" at step {follower.step}/{follower.steps} ({one_line(follower.instruction, 120)})" if follower.step else ""
    )
    ended = re.search(r"returned a non-zero code: (\d+)|while running runtime: exit status (\d+)", text)
    shown = f"it ended with exit code {ended[1] or ended[2]}" if ended else one_line(text.rstrip("."), 400)
    if re.search(r"requires BuildKit|--mount option|unknown flag: mount", text):
        hint = f"The Dockerfile needs BuildKit: build it with `docker build -t {image} .` and leave `build` out."
        return ImageError(f"The image {image} does not build{where}: {shown}.", hint, tuple(follower.tail))
    known = _meaning(text) if follower.instruction.upper().startswith("FROM") or not follower.step else None
    more = any(line != follower.error for line in follower.tail)
    meaning, hint = known or ("", "The last lines of the build say more." if more else "Correct the Dockerfile.")
    said = f"{meaning} ({shown})" if meaning else shown
    return ImageError(f"The image {image} does not build{where}: {said}.", hint, tuple(follower.tail))
