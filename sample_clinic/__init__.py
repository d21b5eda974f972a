"""A drawn clinic for the demo, the tests and the benchmarks.

Its rooms, its rivals and the ways in which copiers change pictures are drawn here too. No product package imports it.
"""
