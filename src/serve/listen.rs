//! Sockets to listen on: TCP addresses, unix sockets, and those that systemd passes.
