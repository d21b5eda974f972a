"""A drawn clinic with rooms, rivals and ways of copying: for the demo, tests and benchmarks."""
