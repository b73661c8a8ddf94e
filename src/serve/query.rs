//! Endpoint and required permissions in the path and query of a request.
