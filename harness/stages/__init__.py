"""Stages: files in, files out; each is named as its stage in dvc.yaml."""
