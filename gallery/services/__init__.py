"""What a person can ask the gallery to do, each once."""
