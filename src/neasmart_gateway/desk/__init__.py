"""The one writer: bus writes and intentions in; image, receipts and records out."""
