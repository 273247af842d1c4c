"""A file that declares nothing: helpers break nothing."""
