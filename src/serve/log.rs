//! Log lines on standard error, in JSON.
