"""What DVC is told of a release in place of its files: one line, which changes with every edit of what adapters read.

DVC itself would walk and hash all of it, take seconds for a tree of 77,000 files in which nothing changed, stop at dead
links and at names that are no UTF-8, and not see the files behind a link to a folder. This is the walk of adapters.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from harness.corpora.reading.tree import Tree

TICK = 50_000_000  # ns; in one tick of its clock a file system gives two changes one time. Most have ticks of 4 ms.
NOT_LINKED = "not linked"


def state_of(root: Path) -> str:
    """Return the number of files of a release and a digest of the size and times of each, and of what is not read.

    Nobody can set back the time of the last change, so that an edit which keeps size and date is seen too. What was
    copied anew counts as edited; reading it again takes seconds, and what comes out equal goes no further.
    """
    while True:
        tree = Tree(root)
        lines = list(_lines(tree))
        age = time.time_ns() - max((int(line.rpartition(" ")[2]) for line in lines), default=0)
        if not 0 <= age < TICK:  # what changes from now on has a later time than what was seen
            break
        time.sleep((TICK - age) / 1e9)
    text = "\n".join([*lines, *tree.notes])
    return f"{len(tree.files)} files, {hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()}"


def _lines(tree: Tree) -> Iterator[str]:
    root = os.path.realpath(tree.root)  # the way through fewer folders is the quicker one
    for path in (*tree.files, *tree.hidden):
        try:
            status = os.stat(f"{root}/{path}")
        except OSError as error:  # a dead link by the name of a dot file, or gone in this moment
            yield f"{path} {error.errno}"
        else:
            yield f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
