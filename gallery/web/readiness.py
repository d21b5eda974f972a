"""What stands between a case and the public, from what is recorded of it now."""

from gallery.model import Case
from gallery.readiness import Obstacle, Standing, obstacles_to
from gallery.web.workplace import casework, catalog, now, settings


def obstacles_of(case: Case) -> list[Obstacle]:
    """Name everything that is missing, what blocks first."""
    photos = catalog().photos(case.number)
    standing = Standing(
        case=case,
        stages=catalog().stages(case.number),
        photos=photos,
        consents=catalog().consents(case.number),
        saved=casework().saved(case.number),
        authored=casework().authorships(photo.id for photo in photos),
    )
    return obstacles_to(standing, settings(), now())
