"""Which of our photographs is in a picture, how sure that is, and what was changed."""
