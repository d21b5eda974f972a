"""The one door to the network: requests, their bounds, and who may be asked."""
