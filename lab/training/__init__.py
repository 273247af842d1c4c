"""Training the nets of the zoo: what is planned, one net, many."""
