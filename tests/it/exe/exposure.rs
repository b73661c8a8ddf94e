//! What of a secret others could come to see: memory, core dumps, process lists, raw files.
