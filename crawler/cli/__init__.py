"""The crawler's commands."""

from crawler.cli.desk import findings, report, review, tip
from crawler.cli.evidence import evidence
from crawler.cli.operate import log, schedule, status
from crawler.cli.run import crawl
from crawler.cli.sites import site

COMMANDS = (site, crawl, tip, findings, review, report, evidence, status, log, schedule)
