//! Token in the headers of a request.
