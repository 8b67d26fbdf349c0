"""HDF5 files that nobody vouches for: they may name other files, and unpack to anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import InputError

if TYPE_CHECKING:
    import h5py

_LARGE = 4 << 30
_RATIO = 1000  # gzip, the best packer of HDF5, ends at 1032


def check_hdf5(path: Path) -> None:
    """Look at the structure of a file, without reading its data.

    Raises:
        InputError: a part lies in another file, or the parts say that they unpack to what no
            honest file of this size does. What is no HDF5 at all is left to the reader.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            unpacked = sum(dataset.nbytes for dataset in _datasets(file, path))
    except InputError:
        raise
    except Exception:  # a broken file makes h5py raise anything; the reader will say it
        return
    if unpacked > max(_LARGE, _RATIO * path.stat().st_size):
        raise InputError(
            f"{path}: says that it unpacks to {unpacked / 1e9:.0f} GB; not read: write X as a "
            "sparse matrix, or the file is not honest"
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
            where = item and h5py.h5o.get_info(item.id).addr
            if where is None or where in seen:  # a dangling soft link, or a circle
                continue
            seen.add(where)
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise _elsewhere(path, item.name)
                yield item


def _elsewhere(path: Path, name: str) -> InputError:
    return InputError(f"{path}: {name.strip('/')} lies in another file; write it into this one")
