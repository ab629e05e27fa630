"""The embedded engine: runs as plain processes of this machine, found again after anything but a reboot."""

from mltui.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
