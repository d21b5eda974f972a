"""What a photograph is recognised by: proposals of catalogue photos, never decisions."""
