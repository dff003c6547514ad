"""What stands behind the cells: strata, calibration, prior shift, the parts of a gap, languages."""
