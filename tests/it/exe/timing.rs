//! Equal time for what must not be told apart.
