//! strace, which ends a process at a system call of choice or lets the call fail.
