"""The whole story on a drawn clinic, for anybody who wants to see it before trusting it."""
