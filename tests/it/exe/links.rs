//! Symbolic and hard links, umasks and modes, where files are made.
