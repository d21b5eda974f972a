"""What a page shows: links, and every image with the words near it. No network."""
