"""What stands between a case and the public, from what is recorded of it now."""

from gallery.model import Case
from gallery.services.readiness import Obstacle, obstacles_to, standing_of
from gallery.web.workplace import casework, catalog, now, settings


def obstacles_of(case: Case) -> list[Obstacle]:
    """Name everything that is missing, what blocks first."""
    return obstacles_to(standing_of(catalog(), casework(), case.number), settings(), now())
