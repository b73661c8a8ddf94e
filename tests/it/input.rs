//! Bad input: a clear error, the right exit code, nothing changed, no secret echoed.
