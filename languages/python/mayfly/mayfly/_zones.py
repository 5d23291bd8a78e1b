"""Time zones without files, for zoneinfo. A package tzdata beside the function is newer, and comes first."""

import io
import zoneinfo

import _mayfly

_of_package = zoneinfo._common.load_tzdata
_available = zoneinfo.available_timezones


def load_tzdata(key):
    try:
        return _of_package(key)
    except zoneinfo.ZoneInfoNotFoundError:
        data = _mayfly.zone(key)
        if data is None:
            raise
        return io.BytesIO(data)


def available_timezones():
    return _available() | _mayfly.zones()


def install():
    zoneinfo._common.load_tzdata = load_tzdata
    zoneinfo.available_timezones = available_timezones
