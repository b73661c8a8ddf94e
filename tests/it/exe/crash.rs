//! Killed at any moment, the program leaves a store that is whole.
