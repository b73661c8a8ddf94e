//! Address of the client, in the header that the gateway sets.
