//! The real executable: pipes, terminals, files, several processes.
