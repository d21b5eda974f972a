"""Pages that we stumble over: each is a row of its own, and the rest of its site is seen."""

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def test_a_page_that_breaks_reading_is_a_row_and_its_site_goes_on(serve, visitor, picture, blind):
    """Whatever goes wrong inside one page, the others are visited, and the row names the page."""

    def stumbles(body, name):
        if name.startswith("data:"):
            raise OverflowError("date value out of range")
        return blind(body, name)

    served = serve(
        {
            "/": '<a href="/bad.html">b</a><a href="/good.html">g</a>',
            "/bad.html": f'<img src="{PIXEL}">',
            "/good.html": '<img src="/a.jpg">',
            "/a.jpg": picture("a"),
        }
    )
    visitor.look = stumbles

    result = visitor.visit(served.site())

    (failure,) = result.failures
    assert (failure.url, failure.step, failure.trouble) == (
        f"{served.url}/bad.html", "read", "unreadable-page",
    )  # fmt: skip
    assert "OverflowError" in failure.message
    assert result.tally.images == 1
    assert not result.more
