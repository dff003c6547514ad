"""Numbers in, numbers out: intervals, tests, calibration, prior shift, fairness."""
