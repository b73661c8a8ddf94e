//! Contracts of what holds for everyone: policy, scopes, projects, administrators.

use super::stores::{Made, stores};
use crate::harness::user;
use keyctl::error::FailureKind;
use keyctl::policy::Policy;
use keyctl::project::{Member, Role};
use keyctl::scope::Scope;
use std::collections::BTreeSet;

#[test]
fn a_new_store_has_its_founder_the_default_policy_and_two_scopes() {
    for store in stores() {
        assert_eq!(store.read(|read| read.administrators(None)), ["carol"]);
        assert_eq!(store.read(|read| read.policy()), Policy::default());
        let names = scopes(&store).into_iter().map(|(name, _, _)| name);
        assert!(names.eq(["inference", "project"]));
        assert_eq!(store.read(|read| read.projects(9)), [""; 0]);
        assert!(
            store
                .read(|read| read.find_events(&Default::default()))
                .len()
                == 1
        );
    }
}

#[test]
fn set_policy_sets_and_unsets_one_setting() {
    let settings = [
        ("default-expiry", "30d"),
        ("max-expiry", "never"),
        ("default-grace", "1h"),
        ("key-prefix", "acme_prod"),
        ("hash", "sha256"),
        ("argon2-memory", "19456"),
        ("argon2-iterations", "2"),
    ];
    for store in stores() {
        let mut expected = Policy::default();
        let check = |expected: &Policy| {
            assert_eq!(store.read(|read| read.policy()), *expected);
            let (policy, unreadable) = store.read(|read| read.readable_policy());
            assert_eq!((policy, unreadable.len()), (expected.clone(), 0));
        };
        for (name, value) in settings {
            store.write(|tx| tx.set_policy(name, Some(value)));
            expected.set(name, value).unwrap();
            check(&expected);
        }
        store.write(|tx| tx.set_policy("default-expiry", Some("7d")));
        expected.set("default-expiry", "7d").unwrap();
        check(&expected);
        for (name, _) in settings {
            store.write(|tx| tx.set_policy(name, None));
            let default = Policy::default().get(name).unwrap();
            expected.set(name, &default).unwrap();
            check(&expected);
        }
        store.write(|tx| tx.set_policy("hash", None));
        check(&Policy::default());
    }
}

#[test]
fn a_setting_that_cannot_be_read_is_an_error_and_no_default() {
    for store in stores() {
        store.write(|tx| {
            tx.set_policy("default-grace", Some("1h"))?;
            tx.set_policy("max-expiry", Some("for long"))
        });
        let read = keyctl::store::read(&*store.open(), |read| read.policy());
        assert_eq!(read.unwrap_err().kind, FailureKind::Damaged);
        let (policy, unreadable) = store.read(|read| read.readable_policy());
        assert_eq!(unreadable, ["max-expiry"]);
        let mut expected = Policy::default();
        expected.set("default-grace", "1h").unwrap();
        assert_eq!(policy, expected);
    }
}

/// Every scope with its description and what it implies.
fn scopes(store: &Made) -> Vec<(String, String, BTreeSet<String>)> {
    let registry = store.read(|read| read.scopes());
    let all = registry.all().map(|(name, scope)| {
        let Scope {
            description,
            implies,
        } = scope.clone();
        (name.to_owned(), description, implies)
    });
    all.collect()
}

#[test]
fn add_scope_of_a_registered_name_replaces_that_scope_alone() {
    for store in stores() {
        let audit = |description: &str, implied: &str| Scope {
            description: description.to_owned(),
            implies: BTreeSet::from([implied.to_owned()]),
        };
        store.write(|tx| tx.add_scope("audit", &audit("old", "project")));
        store.write(|tx| tx.add_scope("tools", &audit("tools", "audit")));
        let mut expected = scopes(&store);
        store.write(|tx| tx.add_scope("audit", &audit("new", "inference")));
        let new = audit("new", "inference");
        for (_, description, implies) in expected.iter_mut().filter(|(name, ..)| name == "audit") {
            (*description, *implies) = (new.description.clone(), new.implies.clone());
        }
        assert_eq!(scopes(&store), expected);
    }
}

#[test]
fn add_scope_and_remove_scope_change_that_scope_alone() {
    let audit = Scope {
        description: "read the log: Ünïcode".to_owned(),
        implies: BTreeSet::from(["inference".to_owned(), "project".to_owned()]),
    };
    for store in stores() {
        let before = scopes(&store);
        store.write(|tx| tx.add_scope("audit", &audit));
        let added = (
            "audit".to_owned(),
            audit.description.clone(),
            audit.implies.clone(),
        );
        let mut expected = vec![added];
        expected.extend(before.clone());
        assert_eq!(scopes(&store), expected);
        store.write(|tx| tx.remove_scope("audit"));
        assert_eq!(scopes(&store), before);
        // With nothing left of what it implied.
        store.write(|tx| tx.add_scope("audit", &Scope::default()));
        assert_eq!(scopes(&store)[0].2, BTreeSet::new());
    }
}

fn member(project: &str, user: &str, role: Role) -> Member {
    Member {
        project: project.to_owned(),
        user: user.to_owned(),
        role,
    }
}

#[test]
fn members_are_in_order_and_as_many_as_asked() {
    let all = [
        member("Zebra", "alice", Role::Owner),
        member("atlas", "alice", Role::Collaborator),
        member("atlas", "bob", Role::Owner),
        member("atlas-2", "bob", Role::Owner),
    ];
    for store in stores() {
        store.write(|tx| {
            [2, 0, 3, 1]
                .into_iter()
                .try_for_each(|it| tx.set_member(&all[it]))
        });
        let members = |project, limit| store.read(|read| read.members(project, limit));
        assert_eq!(members(None, None), all);
        assert_eq!(members(None, Some(3)), all[..3]);
        assert_eq!(members(None, Some(0)), []);
        assert_eq!(members(Some("atlas"), None), all[1..3]);
        assert_eq!(members(Some("atlas"), Some(1)), all[1..2]);
        assert_eq!(members(Some("atl"), None), []);
        let projects = |limit| store.read(|read| read.projects(limit));
        assert_eq!(projects(9), ["Zebra", "atlas", "atlas-2"]);
        assert_eq!(projects(2), ["Zebra", "atlas"]);
        assert_eq!(projects(0), [""; 0]);
    }
}

#[test]
fn set_member_gives_one_role_and_remove_member_takes_it() {
    for store in stores() {
        let role = |project, user| store.read(|read| read.role(project, user));
        let others = [
            member("atlas", "bob", Role::Owner),
            member("zeus", "alice", Role::Owner),
        ];
        store.write(|tx| others.iter().try_for_each(|it| tx.set_member(it)));
        for given in [Role::Collaborator, Role::Owner, Role::Collaborator] {
            store.write(|tx| tx.set_member(&member("atlas", "alice", given)));
            assert_eq!(role("atlas", "alice"), Some(given));
            assert_eq!(store.read(|read| read.members(None, None)).len(), 3);
        }
        for (project, user) in [("atlas", "ali"), ("Atlas", "alice"), ("alice", "atlas")] {
            assert_eq!(role(project, user), None, "{user} in {project}");
            store.write(|tx| tx.remove_member(project, user));
        }
        store.write(|tx| tx.remove_member("atlas", "alice"));
        assert_eq!(role("atlas", "alice"), None);
        assert_eq!(store.read(|read| read.members(None, None)), others);
    }
}

#[test]
fn administrators_are_in_order_and_those_that_were_appointed() {
    for store in stores() {
        let admins = |limit| store.read(|read| read.administrators(limit));
        // A server tells the rights of the session's user alone.
        let access = |name: &str| {
            let opened = store.open_as(name);
            keyctl::store::read(&*opened, |read| read.access(&user(name))).unwrap()
        };
        let has_rights = |name: &str| access(name).admin;
        for name in ["dave", "Bob", "dave"] {
            store.write(|tx| tx.add_administrator(name));
        }
        assert_eq!(admins(None), ["Bob", "carol", "dave"]);
        assert_eq!(admins(Some(2)), ["Bob", "carol"]);
        for (name, is_one) in [("dave", true), ("carol", true), ("bob", false)] {
            assert_eq!(store.read(|read| read.is_appointed(name)), is_one, "{name}");
            assert_eq!(has_rights(name), is_one, "{name}");
        }
        assert_eq!(access("dave").actor, "dave");
        store.write(|tx| tx.remove_administrator("dave"));
        store.write(|tx| tx.remove_administrator("nobody"));
        assert_eq!(admins(None), ["Bob", "carol"]);
        assert!(!has_rights("dave"));
    }
}
