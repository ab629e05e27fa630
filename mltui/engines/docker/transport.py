"""docker-py speaking through ``wire.open_socket``: one place opens every kind of connection.

It spares paramiko for ``ssh://`` (the ssh client with the person's own configuration is used) and lets the socket's
own errors through, from which ``client.unavailable`` tells the cure. Importing this module imports docker-py.
"""

from __future__ import annotations

from typing import Any

import docker
import urllib3.connection
import urllib3.connectionpool
from docker.transport.basehttpadapter import BaseHTTPAdapter
from requests import PreparedRequest

from mltui.engines.docker.endpoint import Endpoint
from mltui.engines.docker.wire import open_socket


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._endpoint = endpoint
        self._seconds = timeout

    def connect(self) -> None:
        self.sock = open_socket(self._endpoint, self._seconds)


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=8)
        self._endpoint = endpoint
        self._seconds = timeout

    def _new_conn(self) -> _Connection:
        return _Connection(self._endpoint, self._seconds)


class _Adapter(BaseHTTPAdapter):
    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        super().__init__()
        self._pool = _Pool(endpoint, timeout)

    def get_connection(self, url: str | bytes, proxies: object = None) -> _Pool:
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: object) -> str:
        return str(request.path_url)

    def close(self) -> None:
        super().close()
        self._pool.close()


def make_api(endpoint: Endpoint, version: str, timeout: float) -> docker.APIClient:
    """A low-level client of ``endpoint`` whose calls end after ``timeout`` seconds; nothing is connected yet."""
    arguments: dict[str, Any] = {"base_url": "unix:///unused", "version": version, "timeout": timeout}
    api = docker.APIClient(**arguments)
    api.mount("http+docker://", _Adapter(endpoint, timeout))
    return api
