//! Legacy keys, met by every command.
