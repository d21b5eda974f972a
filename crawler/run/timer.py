"""Files that make systemd, cron, launchd or Windows start the crawl."""

import plistlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.sax.saxutils import escape

NAME = "pairwatch-crawl"


class Timer(StrEnum):
    """What runs things at night."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is to be run, and when (24-hour clock, local time)."""

    program: Path
    data: Path
    hour: int = 2
    minute: int = 30


@dataclass(frozen=True, slots=True)
class Unit:
    """A file of a schedule, placed relative to the user's home."""

    path: str
    text: str


def units(timer: Timer, nightly: Schedule) -> tuple[Unit, ...]:
    """Give the files of a schedule.

    For cron it is one line to be kept in the crontab.
    """
    return {
        Timer.SYSTEMD: _systemd,
        Timer.CRON: _cron,
        Timer.LAUNCHD: _launchd,
        Timer.WINDOWS: _windows,
    }[timer](nightly)


def _quoted(value: Path) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text


def _systemd(nightly: Schedule) -> tuple[Unit, ...]:
    program, data = _quoted(nightly.program).replace("%", "%%"), _quoted(nightly.data).replace("%", "%%")
    service = f"""[Unit]
Description=Nightly watch over copies of our photographs

[Service]
Type=oneshot
ExecStart={program} --data {data} crawl
SuccessExitStatus=3 75
TimeoutStopSec=120
Nice=10
IOSchedulingClass=idle
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={data}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
UMask=0077
"""
    timer = f"""[Unit]
Description=Every night: {NAME}.service

[Timer]
OnCalendar=*-*-* {nightly.hour:02}:{nightly.minute:02}:00
Persistent=true
RandomizedDelaySec=45m

[Install]
WantedBy=timers.target
"""
    folder = ".config/systemd/user"
    return Unit(f"{folder}/{NAME}.service", service), Unit(f"{folder}/{NAME}.timer", timer)


def _cron(nightly: Schedule) -> tuple[Unit, ...]:
    command = f"'{nightly.program}' --data '{nightly.data}' crawl".replace("%", r"\%")
    return (Unit("crontab", f"{nightly.minute} {nightly.hour} * * * {command}  # {NAME}\n"),)


def _launchd(nightly: Schedule) -> tuple[Unit, ...]:
    wanted = {
        "Label": f"local.{NAME}",
        "ProgramArguments": [str(nightly.program), "--data", str(nightly.data), "crawl"],
        "StartCalendarInterval": {"Hour": nightly.hour, "Minute": nightly.minute},
        "ProcessType": "Background",
        "StandardErrorPath": str(nightly.data / "crawl.log"),
    }
    text = plistlib.dumps(wanted).decode()
    return (Unit(f"Library/LaunchAgents/local.{NAME}.plist", text),)


def _windows(nightly: Schedule) -> tuple[Unit, ...]:
    arguments = escape(f'--data "{nightly.data}" crawl')
    text = f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><CalendarTrigger><StartBoundary>2026-01-01T{nightly.hour:02}:{nightly.minute:02}:00</StartBoundary>
    <RandomDelay>PT45M</RandomDelay><ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger></Triggers>
  <Settings><StartWhenAvailable>true</StartWhenAvailable><WakeToRun>false</WakeToRun>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy><ExecutionTimeLimit>PT12H</ExecutionTimeLimit></Settings>
  <Actions><Exec><Command>{escape(str(nightly.program))}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"""
    return (Unit(f"{NAME}.xml", text),)
