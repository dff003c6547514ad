"""What an adapter promises, tried on a release (`python -m harness check`)."""
