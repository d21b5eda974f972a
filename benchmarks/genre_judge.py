"""Judge kept cases with whichever version of the program runs this: `genre_judge.py FOLDER RESULT.json`.

FOLDER holds one folder for each world with catalogue/KEY.png and cases/NUMBER.png; RESULT gets,
by number, verdict, photo, further photos, probability
and CPU milliseconds. Reads the names of the version before as well, so that both can be shown in one table.
"""

import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

NOW = ("watermark.matching.fingerprint", "watermark.matching.identify", "watermark.matching.index")
BEFORE = ("watermark.fingerprint.record", "watermark.identify.search", "watermark.fingerprint.index")
PICTURE = ("watermark.picture.pixels", "watermark.pixels")


def opened(path: Path, kind: Any) -> Any:  # noqa: ANN401 (whatever picture this version knows)
    """Read one picture."""
    with Image.open(path) as image:
        return kind(np.ascontiguousarray(image.convert("RGB")))


def main() -> None:
    """Judge."""
    folder, result = Path(sys.argv[1]), Path(sys.argv[2])
    now = find_spec("watermark.matching") is not None
    record, search, stored = (import_module(name) for name in (NOW if now else BEFORE))
    kind = import_module(PICTURE[not now]).Picture
    said = {}
    for world in sorted(path for path in folder.iterdir() if (path / "catalogue").is_dir()):
        index = stored.Index.create(world / f"index-{result.stem}")
        photos = sorted((world / "catalogue").glob("*.png"))
        index.insert({int(path.stem): record.fingerprint(opened(path, kind)) for path in photos})
        index.save()
        index = stored.Index.open(index.folder)
        for path in sorted((world / "cases").glob("*.png")):
            shown = opened(path, kind)
            start = time.process_time()
            answer = search.identify(shown, index)
            said[path.stem] = {
                "verdict": str(answer.verdict),
                "photo": answer.photo,
                "also": [one.photo for one in answer.also],
                "probability": answer.probability,
                "ms": 1000 * (time.process_time() - start),
            }
    result.write_text(json.dumps(said), "utf-8")


if __name__ == "__main__":
    main()
