//! The working week of the guide: its blocks are run in their order, with the real executable, each on its day.
//!
//! Stood in for is `gh`, and the repository with a leak is made here. All days but Friday lie in the past, so that the server of Friday afternoon has alice's time.

use crate::documents::blocks::{self, Block};
use crate::documents::likeness::Likeness;
use crate::exe::harness::{Site, run, skipped};
use crate::harness::postgres::{Database, cluster};
use crate::recipes::is_here;
use std::fs;
use std::process::Command;

/// The page.
const PAGE: &str = "docs/guide/week.md";

/// The days before Friday, as the page's headings begin, and how far `faketime` sets the clock back for each.
const DAYS: [(&str, &str); 4] = [
    ("Monday", "-4d"),
    ("Tuesday", "-3d"),
    ("Wednesday", "-2d"),
    ("Thursday", "-1d"),
];

/// The heading of what needs a server.
const ON_A_SERVER: &str = "Friday afternoon";

/// The URL of the page's database, and how messages show it.
const URL: &str = "postgres://db1/keys";
const SHOWN: &str = "postgres://alice@db1/keys";

/// Name of the schema with a replaced store, before its time.
const REPLACED: &str = "keyctl_before_";

/// alice's home on the page.
const HOME: &str = "/home/alice";

/// Puts a secret into the repository of the page, and nowhere else.
const GH: &str = r#"#!/bin/sh
[ "$*" = "secret set API_KEY --repo OWNER/REPO" ] && umask 077 && cat >gh.secret"#;

/// Makes the repository of the page.
const REPOSITORY: &str = r#"
git init -q search
cd search
git config user.name bob
git config user.email bob@example.com
printf 'API_KEY = "%s"\n' "$(cat ../tokens/search)" >notebook.py
git add notebook.py
git commit -qm 'Try the API'
"#;

/// What alice types, and what is printed.
struct Step {
    typed: Block,
    printed: Block,
}

/// The steps of the page.
fn steps() -> Vec<Step> {
    let mut blocks = blocks::all().into_iter().filter(|block| block.file == PAGE);
    let mut steps = Vec::new();
    while let Some(typed) = blocks.next() {
        let printed = blocks.next();
        let printed = printed.unwrap_or_else(|| panic!("{typed}: nothing is printed"));
        assert_eq!((&*typed.kind, &*printed.kind), ("sh", "text"), "{typed}");
        steps.push(Step { typed, printed });
    }
    steps
}

/// alice's desk.
struct Desk {
    site: Site,
    likeness: Likeness,
    /// The database of the page, and its URL here.
    database: Option<(Database, String)>,
}

impl Desk {
    /// A home with nothing in it but a stand-in for `gh`. Returns `None`, which is said, if a tool is missing.
    fn new() -> Option<Self> {
        if !is_here("faketime", &["--version"]) || !is_here("git", &["--version"]) {
            return None;
        }
        let site = Site::new();
        let home = site.path("");
        let home = home.to_str().unwrap().trim_end_matches('/');
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let users = format!(
            "alice:x:{uid}:{gid}::{home}:/bin/sh\nbob:x:4002:100::/:/bin/sh\ncarol:x:4003:100::/:/bin/sh\n"
        );
        fs::create_dir(site.path(".desk")).unwrap();
        fs::write(site.path(".desk/passwd"), users).unwrap();
        fs::write(site.path(".desk/group"), format!("users:x:{gid}:\n")).unwrap();
        site.program(".desk/gh", GH);
        let desk = Desk {
            site,
            likeness: Likeness::default(),
            database: None,
        };
        // A library that is not there is complained of.
        let known = run(&mut desk.shell(None, "exec 2>&1; id -un"));
        if known.stdout != "alice\n" {
            skipped("libnss-wrapper is not installed");
            return None;
        }
        Some(desk)
    }

    /// A shell of alice, who has just logged in, at a time that is so far from now.
    fn shell(&self, away: Option<&str>, script: &str) -> Command {
        let mut shell = match away {
            Some(away) => {
                let mut faketime = self.site.clean("faketime");
                faketime.args(["-f", away, "sh"]);
                faketime
            }
            None => self.site.clean("sh"),
        };
        let login = "PATH=$PWD/.desk:$PATH\n[ ! -f .profile ] || . ./.profile";
        shell
            .args(["-c", &format!("{login}\n{script}")])
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LD_PRELOAD", "libnss_wrapper.so")
            .env("NSS_WRAPPER_PASSWD", self.site.path(".desk/passwd"))
            .env("NSS_WRAPPER_GROUP", self.site.path(".desk/group"));
        shell
    }

    /// Does a step. Returns what was printed, as the page would have it, or in which way that is not what the page has.
    fn does(&mut self, step: &Step) -> Result<String, String> {
        let mut typed = self.likeness.in_reality(&step.typed.text);
        if let Some((_, url)) = &self.database {
            typed = typed.replace(URL, url);
        }
        let mut days = DAYS.iter();
        let away = days.find(|(day, _)| step.typed.heading.starts_with(day));
        assert!(away.is_some() || step.typed.heading.starts_with("Friday"));
        let script = format!("exec 2>&1\nset -e\n{typed}");
        let ran = run(&mut self.shell(away.map(|(_, away)| *away), &script));
        let home = self.site.path("");
        let mut printed = ran
            .stdout
            .replace(home.to_str().unwrap().trim_end_matches('/'), HOME);
        if let Some((_, url)) = &self.database {
            printed = without_times(&printed.replace(url, SHOWN));
        }
        let said = |likeness: &Likeness| likeness.in_the_document(&printed);
        if ran.code != 0 {
            return Err(format!("exit code {}\n{}", ran.code, said(&self.likeness)));
        }
        self.likeness.another_block();
        match self.likeness.compare(&step.printed.text, &printed) {
            Ok(()) => Ok(printed),
            Err(why) => Err(format!(
                "{why}; what was printed:\n{}",
                said(&self.likeness)
            )),
        }
    }

    /// Does the steps, and returns all that was printed.
    #[track_caller]
    fn follows(&mut self, steps: &[Step]) -> String {
        steps
            .iter()
            .map(|step| {
                let done = self.does(step);
                done.unwrap_or_else(|why| panic!("{}: {why}", step.typed))
            })
            .collect()
    }

    /// Makes the repository of the page, in which the token of a key is.
    fn gets_a_leak(&self) {
        run(&mut self.shell(None, &format!("set -e\n{REPOSITORY}"))).code(0);
    }

    /// Makes the database of the page, in which alice may make a store. Returns false where there is no server.
    fn gets_a_database(&mut self) -> bool {
        let Some(cluster) = cluster() else {
            return false;
        };
        for user in ["alice", "bob", "carol"] {
            cluster.login(user);
        }
        let database = cluster.database();
        database.let_found("alice");
        let url = database.shown("alice");
        self.database = Some((database, url));
        true
    }

    /// The secrets of the tokens that were handed out.
    fn secrets(&self) -> Vec<String> {
        let files = fs::read_dir(self.site.path("tokens")).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        let tokens: Vec<String> = files
            .chain([self.site.path("gh.secret")])
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        let secret = |token: &String| token.rsplit_once('_').unwrap().1.to_owned();
        tokens.iter().map(secret).collect()
    }
}

/// Puts `…` in the place of the time in the name of each schema with a replaced store.
fn without_times(printed: &str) -> String {
    let mut parts = printed.split(REPLACED);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (_, rest) = part.split_once(' ').unwrap();
        format!("{text}{REPLACED}… {rest}")
    })
}

#[test]
fn a_working_week_goes_as_its_page_says() {
    let steps = steps();
    let first = |heading: &str| {
        let mut steps = steps.iter();
        steps.position(|step| step.typed.heading.starts_with(heading))
    };
    let leak = first("Tuesday").unwrap();
    let server = first(ON_A_SERVER).unwrap();
    let Some(mut desk) = Desk::new() else { return };
    let mut printed = desk.follows(&steps[..leak]);
    desk.gets_a_leak();
    printed += &desk.follows(&steps[leak..server]);
    if desk.gets_a_database() {
        printed += &desk.follows(&steps[server..]);
    }
    let secrets = desk.secrets();
    assert!(secrets.len() > 5, "{}", secrets.len());
    for secret in secrets {
        assert!(!printed.contains(&secret), "a token was printed");
    }
}
