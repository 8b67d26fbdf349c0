"""Check of untrusted HDF5 files: they can refer to other files, and unpack to any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import InputError

if TYPE_CHECKING:
    import h5py

_LARGE = 4 << 30
_RATIO = 1000  # the limit of gzip, the strongest compression of HDF5, is 1032


def check_hdf5(path: Path) -> None:
    """Check the structure of a file without reading its data.

    Raises:
        InputError: a part is in another file, or the stated size is implausible for a file of
            this size. Files that are not HDF5 are not checked; the reader reports them.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            unpacked = sum(dataset.nbytes for dataset in _datasets(file, path))
    except InputError:
        raise
    except Exception:  # h5py may raise any error for a broken file; the reader reports it
        return
    if unpacked > max(_LARGE, _RATIO * path.stat().st_size):
        raise InputError(
            f"{path}: its stated unpacked size of {unpacked / 1e9:.0f} GB is implausible; not "
            "read: write X as a sparse matrix"
        )


def _datasets(file: h5py.File, path: Path) -> Iterator[h5py.Dataset]:
    import h5py

    groups: list[h5py.Group] = [file]
    seen = set()
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise _elsewhere(path, f"{group.name}/{name}")
            item = group.get(name)
            address = item and h5py.h5o.get_info(item.id).addr
            if address is None or address in seen:  # a dangling soft link, or a cycle
                continue
            seen.add(address)
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise _elsewhere(path, item.name)
                yield item


def _elsewhere(path: Path, name: str) -> InputError:
    return InputError(f"{path}: {name.strip('/')} is in another file; write it into this file")
