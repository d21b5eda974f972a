"""Scrapy's side of the comparison: its own pipeline, the strongest tuning found, and its RFC 2616 cache.

Run by benchmarks/crawl.py in an environment that has scrapy: crawl_scrapy.py own|tuned|cached CACHE URL…
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, D102 (runs in an environment of its own, which has no types for Scrapy)
import io
import json
import logging
import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from twisted.internet.threads import deferToThread

COUNTS = {"pages": 0, "images": 0}
COMMON = {"LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": True, "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0}
MODES = {
    "own": {},
    "tuned": {
        "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 32, "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False, "REDIRECT_ENABLED": False, "REACTOR_THREADPOOL_MAXSIZE": 4,
    },
    "cached": {
        "HTTPCACHE_ENABLED": True, "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
        "HTTPCACHE_STORAGE": "scrapy.extensions.httpcache.FilesystemCacheStorage",
    },
}  # fmt: skip


def slow_hash(body):
    """Decode and hash as imagehash's documentation shows."""
    import imagehash
    from PIL import Image

    return str(imagehash.phash(Image.open(io.BytesIO(body))))


def quick_hash(body):
    """Our own quick fingerprint."""
    from benchmarks.whole_picture import quick_look

    return quick_look(body)


class Gallery(scrapy.Spider):
    """Follows every link and hashes every picture, as a plain Scrapy spider does."""

    name = "gallery"
    links = LinkExtractor()
    tuned = False

    def parse(self, response):
        COUNTS["pages"] += 1
        if self.tuned:
            for href in response.css("a::attr(href)").getall():
                yield response.follow(href, self.parse)
        else:
            for link in self.links.extract_links(response):
                yield scrapy.Request(link.url, self.parse)
        for source in response.css("img::attr(src), img::attr(data-src)").getall():
            if not source.startswith("data:"):
                yield response.follow(source, self.picture_in_thread if self.tuned else self.picture)

    def picture(self, response):
        COUNTS["images"] += 1
        slow_hash(response.body)

    async def picture_in_thread(self, response):
        COUNTS["images"] += 1
        await scrapy.utils.defer.maybe_deferred_to_future(deferToThread(quick_hash, response.body))


def main():
    """Crawl, and print the counts as JSON."""
    mode, cache, *urls = sys.argv[1:]
    logging.disable(logging.WARNING)
    settings = COMMON | MODES[mode] | ({"HTTPCACHE_DIR": cache} if mode == "cached" else {})
    process = CrawlerProcess(settings)
    process.crawl(type("Spider", (Gallery,), {"start_urls": urls, "tuned": mode == "tuned"}))
    process.start()
    print(json.dumps(COUNTS))


if __name__ == "__main__":
    main()
