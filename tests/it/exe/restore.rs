//! `keyctl restore` killed, and among other processes.
