//! The table of worlds: the machine on which the console blocks of each page are typed, and the
//! commands that have been typed there before the page begins.

use super::reader::Machine;
use crate::exe::harness::{set_mode, skipped};
use crate::migrations::made;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

/// The file that has the table, for messages.
pub const WHERE: &str = "tests/it/documents/worlds.rs";

/// The users of a page's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Users {
    /// alice, at a prompt without a name.
    Alice,
    /// alice, bob and carol, who share a store; needs root.
    Three,
    /// alice, in bash, on a machine that has keyutils' keyctl too.
    AliceWithAnotherKeyctl,
    /// alice, at a prompt without a name, whose store an older keyctl made.
    AliceWithAnOlderStore,
}

/// The machine of one page.
pub struct World {
    /// The page's path in the tree.
    pub page: &'static str,
    users: Users,
    /// Commands that succeed before the page begins, each behind its prompt.
    prepared: &'static str,
}

/// The worlds of all pages that have console blocks.
pub const ALL: &[World] = &[
    World {
        page: "README.md",
        users: Users::Alice,
        prepared: "$ keyctl create --scope inference --expires 90d",
    },
    World {
        page: "docs/guide/keys.md",
        users: Users::Alice,
        prepared: "",
    },
    World {
        page: "docs/guide/several.md",
        users: Users::Alice,
        prepared: r#"$ keyctl init
$ keyctl policy set hash sha256
$ printf 'name,owner,scopes,expires,labels\nsearch,alice,inference,,team=search\nbilling,alice,project,30d,\nindexer,bob,"inference,project",,team=search\n' >services.csv"#,
    },
    World {
        page: "docs/guide/import.md",
        users: Users::Alice,
        prepared: r#"$ keyctl init
$ digest() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
$ printf sk-LDwzKf8zQ2mT6vXb1RcY9w >chat.token
$ printf 'name,owner,sha256,expires,created_at,disabled,labels\n' >litellm.csv
$ echo "chat,alice,$(digest "$(cat chat.token)"),,2025-03-04T09:10:11Z,f,team=search" >>litellm.csv
$ echo "litellm-9f2c41d8,bob,$(digest sk-7Ty2Hn5Bv8Qm4Lf1Xc3Wd6),,2024-11-05T10:00:00Z,t," >>litellm.csv
$ printf 'map $http_x_api_key $client {\n    default "";\n    "Yh3k9QzLw7Vb2NxTf5Rc8Md1" billing;\n    "pQ4tZ8sKj6Hn1WvXg9Bm3Lr7" reports;\n}\n' >clients.map
$ printf 'name,token,expires,labels,allow_from\nindexer,3f9Kd7Lq2Zx8Vb5Nm1Tc6Rw,90d,team=search,10.0.0.0/8\nnightly,Gs4Pj1Hy7Xe9Uo3Ba5Qi8Lk,180d,,\n' >keys.csv
$ printf '{"keys":[{"name":"mobile","owner":"alice","secret":"d8Tq5Wn2Jx7Kc4Vz9Rb1Fm6"}]}' >keys.json
$ printf 'name,scopes,token\na/b,,sk-2Jw8Rk4Tz6Yp1Xc9Lm3Qd\nweb,infrence,sk-5Hn3Gd7Bv2Qm8Lf4Ks9Wt\nsk-1Dg6Sj3Zx8Cv5Bn2/,,sk-8Pb4Vf6Ny2Zr7Ja1Uc5Ho\n' >wrong.csv"#,
    },
    World {
        page: "docs/guide/verify.md",
        users: Users::Alice,
        prepared: "$ keyctl create --scope inference --name ci-deploy --expires 90d --secret-file ci.token",
    },
    World {
        page: "docs/guide/store.md",
        users: Users::Alice,
        prepared: "",
    },
    World {
        page: "docs/guide/networks.md",
        users: Users::Alice,
        prepared: "$ keyctl init",
    },
    World {
        page: "docs/guide/leaked.md",
        users: Users::Alice,
        prepared: r#"$ keyctl create --scope inference --name ci-deploy --secret-file ci.token
$ keyctl create --scope inference --name indexer --secret-file indexer.token
$ keyctl create --scope inference --name search --secret-file search.token
$ mkdir -p app/log && echo "print('hello')" >app/main.py
$ printf 'LOG_LEVEL=debug\nAPI_KEY="%s"\n' "$(cat search.token)" >app/.env
$ printf 'start\nready\nx-api-key: %s\n' "$(cat search.token)" >app/log/app.log"#,
    },
    World {
        page: "docs/guide/rotation.md",
        users: Users::Alice,
        prepared: "\
$ keyctl create --scope inference --name ci-deploy --expires 90d --secret-file ci.token",
    },
    World {
        page: "docs/guide/another-keyctl.md",
        users: Users::AliceWithAnotherKeyctl,
        prepared: "",
    },
    World {
        page: "docs/guide/upgrade.md",
        users: Users::AliceWithAnOlderStore,
        prepared: "",
    },
    World {
        page: "docs/guide/shared-store.md",
        users: Users::Three,
        prepared: "",
    },
    World {
        page: "docs/guide/policy.md",
        users: Users::Three,
        prepared: "alice$ keyctl init --group keyadmins",
    },
    World {
        page: "docs/guide/scopes.md",
        users: Users::Three,
        prepared: "\
alice$ keyctl init --group keyadmins
bob$ keyctl create --scope inference --name ci --secret-file ci.token",
    },
    World {
        page: "docs/guide/legacy-keys.md",
        users: Users::Three,
        prepared: "alice$ keyctl init --group keyadmins",
    },
    World {
        page: "docs/guide/projects.md",
        users: Users::Three,
        prepared: "\
alice$ keyctl init --group keyadmins
bob$ keyctl create --scope inference --name ci --expires 30d --secret-file ci.token",
    },
    World {
        page: "docs/guide/administrators.md",
        users: Users::Three,
        prepared: "\
alice$ keyctl init --group keyadmins
alice$ keyctl admin add bob
alice$ keyctl member add search bob --role owner
bob$ keyctl create --scope inference --name ci --secret-file ci.token
bob$ keyctl create --scope inference --name batch --owner carol --secret-file batch.token
alice$ keyctl create --scope inference --name indexer --owner bob --secret-file indexer.token",
    },
    World {
        page: "docs/guide/audit-log.md",
        users: Users::Three,
        prepared: "\
alice$ keyctl init --group keyadmins
bob$ keyctl create --scope inference --name ci --secret-file ci.token
bob$ ! keyctl policy set max-expiry never
alice$ keyctl member add search carol --role owner
carol$ keyctl member add search bob --role collaborator
alice$ keyctl disable --owner bob -m 'left the company'",
    },
    World {
        page: "docs/guide/doctor.md",
        users: Users::Three,
        prepared: "alice$ keyctl init --group keyadmins",
    },
    World {
        page: "docs/guide/backup.md",
        users: Users::Three,
        prepared: "\
alice$ keyctl init --group keyadmins
bob$ keyctl create --scope inference --name ci --secret-file ci.token",
    },
];

/// The worlds of these users.
pub fn of(users: Users) -> impl Iterator<Item = &'static World> {
    let worlds = ALL.iter().filter(move |world| world.users == users);
    assert!(worlds.clone().count() > 0, "no page of {users:?}");
    worlds
}

impl World {
    /// The user at a prompt, named or not; `None` if nobody on this page has such a prompt.
    pub fn typist<'p>(&self, named: Option<&'p str>) -> Option<&'p str> {
        match (self.users, named) {
            (Users::Three, Some(user)) => Some(user),
            (Users::Alice | Users::AliceWithAnotherKeyctl | Users::AliceWithAnOlderStore, None) => {
                Some("alice")
            }
            _ => None,
        }
    }

    /// The shell that the page's commands are typed to.
    pub fn shell(&self) -> &'static str {
        match self.users {
            Users::AliceWithAnotherKeyctl => "/bin/bash",
            Users::Alice | Users::Three | Users::AliceWithAnOlderStore => "sh",
        }
    }

    /// A new machine on which everything is prepared; `None`, with a message, if a tool is missing.
    pub fn machine(&self) -> Option<Machine> {
        let mut machine = match self.users {
            Users::Alice => Machine::of_alice()?,
            Users::Three => of_three()?,
            Users::AliceWithAnotherKeyctl => with_another_keyctl(self.shell())?,
            Users::AliceWithAnOlderStore => with_an_older_store()?,
        };
        for line in self.prepared.lines() {
            self.prepare(&mut machine, line);
        }
        Some(machine)
    }

    /// Types one prepared command, which must succeed.
    fn prepare(&self, machine: &mut Machine, line: &str) {
        let (user, command) = line.split_once("$ ").unwrap();
        let user = self.typist((!user.is_empty()).then_some(user)).unwrap();
        let shown = machine.types_to(self.shell(), user, command);
        let code = machine.types_to(self.shell(), user, "echo $?");
        assert_eq!(code, "0\n", "{}: {line}: {shown}", self.page);
    }
}

/// A machine of three users whose store is named; `None`, with a message, if a tool is missing.
fn of_three() -> Option<Machine> {
    for tool in ["jq", "sqlite3"] {
        let mut command = Command::new(tool);
        command.arg("--version").stdout(Stdio::null());
        if command.status().is_err() {
            skipped(&format!("{tool} is not installed"));
            return None;
        }
    }
    let mut machine = Machine::of_three()?;
    machine.set("KEYCTL_DB", machine.path("srv/keyctl/keyctl.db"));
    Some(machine)
}

/// A machine of alice with the store of the newest schema before this one, where it usually is.
fn with_an_older_store() -> Option<Machine> {
    let machine = Machine::of_alice()?;
    let data = machine.path("home/alice/.local/share/keyctl");
    fs::create_dir_all(&data).unwrap();
    set_mode(&data, 0o700);
    made::newest(&data.join("keyctl.db"));
    Some(machine)
}

/// A machine of alice with a second program named keyctl behind ours on the PATH.
fn with_another_keyctl(bash: &str) -> Option<Machine> {
    if !Path::new(bash).exists() {
        skipped("bash is not installed");
        return None;
    }
    let mut machine = Machine::of_alice()?;
    // A stand-in for that of keyutils, which may or may not be installed here.
    symlink("/bin/true", machine.path("usr/bin/keyctl")).unwrap();
    let path = [
        machine.path("home/alice/.cargo/bin"),
        machine.path("usr/bin"),
    ];
    machine.set("PATH", std::env::join_paths(path).unwrap());
    Some(machine)
}
