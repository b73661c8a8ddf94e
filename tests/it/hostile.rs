//! Stores whose contents somebody has tampered with, and what fuzzing has found.
