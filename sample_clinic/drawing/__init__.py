"""Pictures drawn by our own code, for the demo, the calibration and the tests: no real person in any."""
