"""Thorn perception's SIFT de-duplication as a judge: run by `matching.py` in perception's own environment.

    python perception_peer.py FOLDER    FOLDER holds the catalogue, KEY.png

Reads one path a line, answers one JSON object a line: best photo, score, whether its defaults accept it, CPU seconds.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import perception.local_descriptor_deduplication as deduplication


def main() -> None:
    """Judge what comes in."""
    cv2.setNumThreads(1)
    hasher = deduplication.SIFT()

    def described(path: str) -> Any:  # noqa: ANN401 (the peer's own record)
        return deduplication.generate_image_descriptors(path, hasher)

    known = {int(path.stem): described(str(path)) for path in sorted(Path(sys.argv[1]).glob("[0-9]*.png"))}
    for line in sys.stdin:
        start = time.process_time()
        own = described(line.rstrip("\n"))
        best: tuple[bool, float, int | None] = (False, 0.0, None)
        for key, other in known.items():
            if own is None or other is None:
                continue
            accepted, said = hasher.validate_match(own, other)
            score = float(said["match"] or 0) + float(said["inliers"] or 0) / 100
            best = max(best, (bool(accepted), score, key), key=lambda one: one[:2])
        spent = time.process_time() - start
        print(
            json.dumps({"photo": best[2], "score": best[1], "accepted": best[0], "seconds": spent}),
            flush=True,
        )


if __name__ == "__main__":
    main()
