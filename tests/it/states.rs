//! Random sequences of commands against a model of the states.
