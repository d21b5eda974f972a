"""Pictures from bytes to pixels and back."""
