"""What spelling an address costs: python -m benchmarks.canonical_urls (nanoseconds, the best of five)."""

import timeit

from crawler.urls import _canonical, canonical

BASE = "https://www.example-clinic.org/gallery/hair/page/3/"
REFERENCES = (
    "../img/patient-12-after.jpg",
    "/wp-content/uploads/2024/05/a-300x200.jpg?ver=3",
    "https://cdn.example.net/i/a.jpg",
    "page/4/",
    "?p=4&utm_source=x",
    "//cdn.example.net/b.webp",
    "bücher/ü.jpg",
    "https://EXAMPLE.org:443/a/../b",
)
ROUNDS = 5000


def main() -> None:
    """Time eight references as pages write them, worked out anew and known already."""
    fresh = _canonical.__wrapped__
    for name, work in (
        ("worked out anew", lambda: [fresh(one, BASE, "utf-8") for one in REFERENCES]),
        ("known already", lambda: [canonical(one, base=BASE) for one in REFERENCES]),
    ):
        best = min(timeit.repeat(work, number=ROUNDS, repeat=5)) / ROUNDS / len(REFERENCES)
        print(f"{name}: {best * 1e9:.0f} ns per URL")


if __name__ == "__main__":
    main()
