"""Which photo of ours is in a picture."""
