"""Bytes to upright sRGB pixels within limits, and pixels to bytes with chosen metadata."""
