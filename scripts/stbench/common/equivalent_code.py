"""Edits of code that change no result, so that nothing is computed again because of them.

An edit is listed with the digest of the file before and after it (``stbench.common.source_code``),
and from then on counts as the file before it. List only edits for which every result that exists
stays as it is, byte for byte: a crash or a refusal where there was no result, a check, a remark.
A later edit of the same file that changes results is not listed, and its entry here is removed;
one that changes none replaces ``after``.
"""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """An edit of a file below ``scripts/``: digests of its syntax, and why no result changes."""

    file: str
    before: str
    after: str
    why: str


EDITS = (
    Edit(
        "stbench/platforms/anndata_store.py",
        "5b73e8c6a93ce025904a144dbf6df2eba95fd4332351722104f25f5424ba1cb3",
        "ab3ac31ce08f3012599fe32fbd64be5a2b1b6403d06783ac502fa3b0a2546147",
        "files of more than some 50 000 cells could not be read; others are read as before",
    ),
    Edit(
        "stbench/data/given_interactions.py",
        "384a924de161485a41955a775d613fc47572cbb1336a90e8fd2a971d9a067dd1",
        "9f0d2a5004ff4d8429632bea35d5ce7d3fc303da754fedd3d5b36eac959c7800",
        "files of users: refuses triples without a row, or with a radius that joins no cells",
    ),
    Edit(
        "stbench/interactions/communication.py",
        "456ac344c36a6d60216341feaa072a57595b02ff5c419ed42e82a097a004f33f",
        "9dbea2751d65d33626fe1c659a513dcb642745a47e3ff6bd9a3fd1ee6b64746c",
        "gene names with a slash, which could not be read again; other files are the same",
    ),
)

COUNTS_AS = {(edit.file, edit.after): edit.before for edit in EDITS}
