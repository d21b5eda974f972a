"""What opening a stranger's picture in a process of its own costs: `python benchmarks/opening.py [--times N]`.

CPU of this process and of the one that decodes, for each picture, and that one's memory; beside it the same picture
decoded in this process, which is what would have to be paid anyway.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import os
import time

from watermark.picture.encode import encode
from watermark.picture.sandbox import sandbox
from watermark.picture.decode import open_picture
from sample_clinic.drawing import clinic


def decoder() -> Path:
    """The entry in /proc of the only process that this one has started.

    Raises:
        RuntimeError: none or several.
    """
    parents = {
        path: path.read_text("utf-8").rsplit(")", 1)[1].split() for path in Path("/proc").glob("[0-9]*/stat")
    }
    children = [path.parent for path, fields in parents.items() if fields[1] == str(os.getpid())]
    if len(children) != 1:
        raise RuntimeError(f"expected one process that decodes, found {len(children)}")
    return children[0]


def spent(process: Path) -> float:
    """Seconds of CPU that a process has used."""
    fields = (process / "stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Open one picture again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=300)
    times = parser.parse_args().times
    drawn = clinic.draw_portrait(
        clinic.Person(71_000), clinic.Room(71), stage="after", view="front", shot=0, size=(750, 1000)
    )
    data = encode(drawn, format="jpeg")
    sandbox().open_picture(data)
    child = decoder()
    ours, theirs = time.process_time(), spent(child)
    for _ in range(times):
        sandbox().open_picture(data)
    ours, theirs = time.process_time() - ours, spent(child) - theirs
    plain = time.process_time()
    for _ in range(times):
        open_picture(data)
    plain = time.process_time() - plain
    memory = dict(line.split(":", 1) for line in (child / "status").read_text("utf-8").splitlines())
    print(f"{len(data) // 1024} KiB, 750 x 1000, {times} times; milliseconds of CPU a picture")
    print(f"  this process                    {1000 * ours / times:6.1f}")
    print(f"  the one that decodes            {1000 * theirs / times:6.1f}")
    print(f"  decoded here instead            {1000 * plain / times:6.1f}")
    print(
        f"  memory of the one that decodes: {memory['VmRSS'].strip()}, at its peak {memory['VmHWM'].strip()}"
    )


if __name__ == "__main__":
    main()
