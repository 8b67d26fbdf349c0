"""The lists of datasets and methods are read once for all tests of this folder."""

from helpers.lists import read_lists_once

__all__ = ["read_lists_once"]
