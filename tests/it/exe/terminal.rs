//! A pseudo-terminal: the executable on one end, somebody who types and reads on the other.

use super::harness::{GUARD, wait};
use pty_process::Size;
use pty_process::blocking::{Command, Pts, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Action, LocalModes, tcflow, tcgetattr};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Child;

/// Written after all else, so that reading has an end.
const END: &str = "\u{1}end of what was written\u{1}";

/// A terminal in which a command runs, as the one that `/dev/tty` is.
pub struct Terminal {
    pty: Pty,
    /// The command's end: open for as long as its settings are of interest.
    inner: File,
    seen: Vec<u8>,
    child: Option<Child>,
}

/// What happened at a terminal.
#[derive(Debug)]
pub struct Session {
    /// The command's exit code.
    pub code: u8,
    /// What the screen showed: output, error output, and what was echoed.
    pub screen: String,
    /// Whether what is typed is shown again, once the command has ended.
    pub echoes: bool,
}

impl Terminal {
    /// Starts `command` in a terminal of so many columns; those of its streams that it has not
    /// redirected are the terminal.
    pub fn start(command: Command, columns: u16) -> Self {
        let (mut terminal, side) = Self::open(columns);
        terminal.child = Some(command.spawn(side).unwrap());
        terminal
    }

    /// Starts `command` in a terminal whose output somebody has stopped, as Ctrl-S does.
    pub fn start_stopped(command: Command) -> Self {
        let (mut terminal, side) = Self::open(80);
        tcflow(&terminal.inner, Action::OOff).unwrap();
        terminal.child = Some(command.spawn(side).unwrap());
        terminal
    }

    fn open(columns: u16) -> (Self, Pts) {
        let (pty, side) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(24, columns)).unwrap();
        let name = rustix::pty::ptsname(&pty, Vec::new()).unwrap();
        let inner = File::options()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().try_into().unwrap())
            .open(OsStr::from_bytes(name.as_bytes()))
            .unwrap();
        let terminal = Terminal {
            pty,
            inner,
            seen: Vec::new(),
            child: None,
        };
        (terminal, side)
    }

    /// Types `text`.
    pub fn type_in(&mut self, text: &str) {
        self.pty.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until the screen shows `text`.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    /// Reads until the screen is as `shown` says.
    #[track_caller]
    pub fn until(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        while !shown(&self.screen()) {
            let mut ready = [PollFd::new(&self.pty, PollFlags::IN)];
            let timeout = Timespec::try_from(GUARD).unwrap();
            assert_ne!(
                poll(&mut ready, Some(&timeout)).unwrap(),
                0,
                "never shown: {what:?} in {:?}",
                self.screen()
            );
            let mut bytes = [0; 4096];
            let read = self.pty.read(&mut bytes).unwrap();
            self.seen.extend_from_slice(&bytes[..read]);
        }
    }

    /// Whether the terminal shows what is typed now.
    pub fn echoes(&self) -> bool {
        let local = tcgetattr(&self.inner).unwrap().local_modes;
        local.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// The process that runs in it.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().unwrap())
    }

    /// Sends a signal to the command alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the command's end.
    #[track_caller]
    pub fn finish(mut self) -> Session {
        let code = wait(self.child.take().unwrap());
        tcflow(&self.inner, Action::OOn).unwrap();
        self.inner.write_all(END.as_bytes()).unwrap();
        self.expect(END);
        Session {
            code,
            screen: self.screen().replace(END, ""),
            echoes: self.echoes(),
        }
    }

    /// Waits for the command's end, and returns its exit code and the line that is read next: what it has
    /// left of what was typed.
    pub fn finish_and_read(mut self) -> (u8, String) {
        let code = wait(self.child.take().unwrap());
        self.type_in("\r");
        let mut line = [0; 1024];
        let read = self.inner.read(&mut line).unwrap();
        (code, String::from_utf8_lossy(&line[..read]).into_owned())
    }

    /// What the screen has shown, and from here on has not.
    pub fn take(&mut self) -> String {
        let screen = self.screen();
        self.seen.clear();
        screen
    }

    /// What the screen has shown.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).replace("\r\n", "\n")
    }
}
