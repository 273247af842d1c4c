"""Numbers: trials, the store, and what measures what the store lacks."""
