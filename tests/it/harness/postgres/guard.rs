//! A shell that runs servers in a directory, and clears up once the test process is gone.

use crate::exe::harness::is_root;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// The user who runs the servers in place of root, for whom PostgreSQL refuses to run.
pub(super) const NOBODY: u32 = 65534;

/// Runs each line of its standard input, and says how it ended. At the end of the input, even if that
/// is because the test process was killed, it ends what it has started and removes the directory.
const SCRIPT: &str = r#"
cd "$1" && exec 2>>log || exit
started=
while IFS= read -r line; do
    eval "$line"
    echo $?
    started="$started $!"
done
# PostgreSQL ends at once by the first, PgBouncer by the second.
kill -QUIT $started
kill -TERM $started
wait
cd /
rm -rf "$1"
"#;

/// A directory with a shell that runs programs in it. Both end when this is dropped, or with the test
/// process.
pub struct Guard {
    directory: PathBuf,
    shell: Child,
    streams: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Guard {
    /// A new directory, whose owner is a user for whom PostgreSQL runs.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("keyctl-pg")
            .tempdir()
            .unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SCRIPT, "sh"])
            .arg(directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", directory.path())
            .env("LC_ALL", "C")
            // Ctrl-C is for the tests alone: the shell has to outlive them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if is_root() {
            chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            shell.uid(NOBODY).gid(NOBODY);
        }
        let mut shell = shell.spawn().unwrap();
        let input = shell.stdin.take().unwrap();
        let output = BufReader::new(shell.stdout.take().unwrap());
        Guard {
            directory: directory.keep(),
            shell,
            streams: Mutex::new(Some((input, output))),
        }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Runs a line of shell in the directory. Returns its exit code: 0 at once for one that ends
    /// in `&`. What it prints has to go to a file; its errors go to the file `log`.
    pub fn run(&self, line: &str) -> u8 {
        let mut streams = self.streams.lock().unwrap();
        let (input, output) = streams.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut code = String::new();
        output.read_line(&mut code).unwrap();
        let log = || fs::read_to_string(self.directory.join("log"));
        code.trim()
            .parse()
            .unwrap_or_else(|_| panic!("{line}: {code:?}: {:?}", log()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The pipe's end is what the shell waits for.
        drop(self.streams.lock().map(|mut streams| streams.take()));
        self.shell.wait().ok();
    }
}
