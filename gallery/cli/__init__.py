"""The gallery's commands, which translate to and from its services."""

from gallery.cli.case import case
from gallery.cli.catalogue import identify, import_, init
from gallery.cli.check import check
from gallery.cli.marks import marks
from gallery.cli.safety import backup, restore
from gallery.cli.site import build, doctor, verify
from gallery.cli.staff import user

case.add_command(check)

COMMANDS = (init, import_, case, build, identify, marks, verify, backup, restore, doctor, user)
