"""A stand-in for AMD's ``amdsmi``, for machines that have no AMD GPU: the part of its documented API that is used.

It answers from the JSON file named by ``$SIMULATED_AMDSMI``, read for each call: ``{"gpus": [{…}, …]}``. A GPU has
``uuid``, ``name``, ``gfx`` (percent), ``vram_used`` and ``vram_total`` (MiB), ``power``, ``power_limit`` (W), ``temp``,
``temp_limit`` (degrees), ``clk``, ``clk_max`` (MHz), ``ecc``, ``processes`` (pid → bytes). A key that is missing is an
error of the library, or ``"N/A"`` where the library says that; ``lost`` lets every call fail. Put this file's folder on
the path of Python to have it imported.
"""

import json
import os
from enum import IntEnum
from pathlib import Path


class AmdSmiException(Exception):
    """Base of the library's errors."""


class AmdSmiLibraryException(AmdSmiException):
    """An error of the C library, with its number and its words."""

    def __init__(self, err_code, err_info):
        super().__init__(f"Error code:\n\t{err_code} | {err_info}")
        self.err_code, self.err_info = err_code, err_info

    def get_error_code(self):
        """The number."""
        return self.err_code


class AmdSmiClkType(IntEnum):
    """Clocks that can be asked for."""

    GFX = 0
    MEM = 4


class AmdSmiTemperatureType(IntEnum):
    """Places where heat is measured."""

    EDGE = 0
    HOTSPOT = 1


class AmdSmiTemperatureMetric(IntEnum):
    """What is asked of a place."""

    CURRENT = 0
    CRITICAL = 5


def _gpus():
    path = os.environ.get("SIMULATED_AMDSMI", "")
    if not path or not Path(path).exists():
        raise AmdSmiLibraryException(34, "AMDSMI_STATUS_DRIVER_NOT_LOADED - Driver not loaded")
    return json.loads(Path(path).read_text())["gpus"]


def _value(handle, key):
    gpu = _gpus()[handle]
    if gpu.get("lost"):
        raise AmdSmiLibraryException(31, "AMDSMI_STATUS_NOT_FOUND - Device Not found")
    if key not in gpu:
        raise AmdSmiLibraryException(2, "AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")
    return gpu[key]


def _or_not(handle, key):
    try:
        return _value(handle, key)
    except AmdSmiLibraryException as error:
        if error.err_code == 2:
            return "N/A"
        raise


def amdsmi_init(flag=2):
    """Open the driver."""
    _gpus()


def amdsmi_shut_down():
    """Close it."""


def amdsmi_get_processor_handles():
    """A handle for each GPU."""
    return list(range(len(_gpus())))


def amdsmi_get_gpu_device_uuid(handle):
    """Its UUID."""
    return _value(handle, "uuid")


def amdsmi_get_gpu_asic_info(handle):
    """What chip it is."""
    return {"market_name": _value(handle, "name"), "vendor_id": "0x1002"}


def amdsmi_get_gpu_activity(handle):
    """How busy it is, in percent."""
    return {"gfx_activity": _or_not(handle, "gfx"), "umc_activity": "N/A", "mm_activity": "N/A"}


def amdsmi_get_gpu_vram_usage(handle):
    """Memory, in MiB."""
    return {"vram_total": _value(handle, "vram_total"), "vram_used": _value(handle, "vram_used")}


def amdsmi_get_power_info(handle, sensor_ind=0):
    """Power, in watts."""
    return {
        "current_socket_power": "N/A",
        "average_socket_power": _or_not(handle, "power"),
        "power_limit": _or_not(handle, "power_limit"),
    }


def amdsmi_get_temp_metric(handle, sensor_type, metric):
    """Degrees; this board has no sensor at its edge."""
    if sensor_type != AmdSmiTemperatureType.HOTSPOT:
        raise AmdSmiLibraryException(2, "AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")
    return _value(handle, "temp" if metric == AmdSmiTemperatureMetric.CURRENT else "temp_limit")


def amdsmi_get_clock_info(handle, clock_type):
    """MHz."""
    return {"clk": _value(handle, "clk"), "max_clk": _value(handle, "clk_max"), "min_clk": 0}


def amdsmi_get_gpu_total_ecc_count(handle):
    """Errors of its memory."""
    return {"correctable_count": 0, "uncorrectable_count": _value(handle, "ecc")}


def amdsmi_get_gpu_process_list(handle):
    """Who computes on it; memory in bytes."""
    return [
        {
            "name": "N/A",
            "pid": int(pid),
            "mem": memory,
            "memory_usage": {"gtt_mem": 0, "cpu_mem": 0, "vram_mem": memory},
        }
        for pid, memory in _value(handle, "processes").items()
    ]
