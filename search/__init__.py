"""The read side: a question in, cited quotations or a stated refusal out."""
