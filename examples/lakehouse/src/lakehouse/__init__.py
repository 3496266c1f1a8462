"""What the notebooks of the daily job share, and what can be tested without a cluster."""
