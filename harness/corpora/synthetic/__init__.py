"""Made-up releases in the official layouts, with known signal and planted defects (docs/synthetic.md)."""
