"""A visit to somebody's site: its addresses, its wishes, the order of asking, and what its pages show."""
