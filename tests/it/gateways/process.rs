//! A process that runs beside a test and ends with it.

use crate::exe::harness::{code, until};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time that a process has to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process in the foreground; dropping it ends it and its children.
pub struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own. Its output goes to files of this name in `dir`.
    #[track_caller]
    pub fn start(command: &mut Command, dir: &Path, name: &str) -> Self {
        Process::start_with_input(command, dir, name, Stdio::null())
    }

    /// Starts `command` as [`Process::start`] does, with this standard input.
    #[track_caller]
    pub fn start_with_input(
        command: &mut Command,
        dir: &Path,
        name: &str,
        input: impl Into<Stdio>,
    ) -> Self {
        let out = dir.join(format!("{name}.out"));
        let err = dir.join(format!("{name}.err"));
        let child = command
            .process_group(0)
            .stdin(input)
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        Process { child, out, err }
    }

    /// Text that it has written to standard output so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// Text that it has written to standard error so far.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.err).unwrap()).into_owned()
    }

    /// Process ID, for signals.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Returns as soon as `condition` holds; fails if the process ends before.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        until(what, || {
            let ended = self.child.try_wait().unwrap();
            let text = || format!("{}{}", self.stdout(), self.stderr());
            assert!(ended.is_none(), "{what}: {ended:?}: {}", text());
            condition(self)
        });
    }

    /// Returns as soon as the process listens at `address`.
    #[track_caller]
    pub fn until_it_listens(&mut self, address: SocketAddr) {
        self.until("it listens", |_| TcpStream::connect(address).is_ok());
    }

    /// Its exit code, once it has ended.
    pub fn ended(&mut self) -> Option<u8> {
        self.child.try_wait().unwrap().map(code)
    }

    /// Ends it with SIGTERM, and returns its exit code.
    pub fn terminate(&mut self) -> u8 {
        kill_process(self.pid(), Signal::TERM).unwrap();
        code(self.child.wait().unwrap())
    }

    /// Ends it with SIGTERM, and by force if it stays.
    pub fn end(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _ = kill_process(self.pid(), Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::yield_now();
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            drop(self.child.wait());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// An address on loopback that a program can bind, and that no other bind of port 0 gets meanwhile.
///
/// A connection that this side closed first keeps the port in TIME_WAIT for a minute: the kernel does
/// not hand it out again, and a listener with `SO_REUSEADDR`, which every server sets, may take it.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    drop(accepted);
    drop(client);
    address
}
