"""How many addresses a second one process visits: 128 hosts, 150 ms for each answer, one request at a time.

Run: python -m benchmarks.crawl_latency
"""

import asyncio
import multiprocessing
import resource
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from crawler.clock import SystemClock
from crawler.model import Judgement, Site, SiteState
from crawler.run.slices import crawl_slices
from crawler.settings import Plan
from crawler.visit.context import VisitContext
from crawler.visit.site import Budget

HOSTS, PAGES, LATENCY_S = 128, 50, 0.15


def look(body: bytes, name: str) -> Judgement:
    """No picture is served."""
    raise NotImplementedError(name, len(body))


def serve(ports: Connection) -> None:
    """Answer on many ports, each answer after 150 ms."""
    links = "".join(f'<a href="/{n}.html">x</a>' for n in range(PAGES)).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) != b"":
                await asyncio.sleep(LATENCY_S)
                path = head.split(b" ", 2)[1]
                missing = path in (b"/robots.txt", b"/sitemap.xml")
                body = b"" if missing else links if path == b"/" else b"<p>" + path
                status = b"404 Not Found" if missing else b"200 OK"
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
                    % (status, len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(HOSTS)]
        ports.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(main())


def main() -> None:
    """Visit all hosts at once, and print the rate."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    sites = [
        Site(id=n, url=f"http://127.0.0.1:{port}/", allowance=frozenset({f"127.0.0.1:{port}"}), delay_s=0.0)
        for n, port in enumerate(here.recv())
    ]
    context = VisitContext(plan=Plan(), began=datetime.now(UTC), judge=look, upto=1, clock=SystemClock())
    budget = Budget(requests=10_000, seconds=120, bytes=10**9)
    begun, cpu = time.perf_counter(), time.process_time()
    done = crawl_slices([(site, SiteState(), budget) for site in sites], context, HOSTS)
    wall = time.perf_counter() - begun
    asked = sum(result.tally.requests for result in done if not isinstance(result, str))
    print(
        f"{asked} requests to {HOSTS} hosts in {wall:.1f} s: {asked / wall:.0f} URL/s (bound {HOSTS / LATENCY_S:.0f}), "
        f"{time.process_time() - cpu:.1f} CPU-s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB"
    )
    server.terminate()


if __name__ == "__main__":
    main()
