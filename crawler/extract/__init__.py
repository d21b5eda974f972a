"""Extraction of links and images from what was downloaded."""
