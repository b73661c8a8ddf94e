//! Actor of a command as the owner of a store's file sees them, and their rights in the store.
//!
//! A user may make a user namespace and choose any uid in it. Such a uid gives no rights in the store of a
//! user whom the namespace does not map.

use super::header::has_rights_of_owner;
use crate::access::Access;
use crate::env::Actor;
use crate::namespace::Namespace;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Uid of root, which may do everything with a file whose owner its user namespace maps.
pub const ROOT: u32 = 0;

/// Users who are administrators of every store ([`access`]), in words.
pub const IMPLICIT_ADMINISTRATORS: [&str; 2] = ["the owner of the store's file", "root"];

/// Returns `actor` as the owner of the file at `path` sees them.
///
/// In a user namespace that does not map that owner, this is the uid outside. Its name is one that no user
/// has (`userns:UID`), since the next namespace outside may belong to the same user.
pub fn towards(actor: Actor, path: &Path) -> Actor {
    if !is_foreign(&actor.namespace, actor.uid, path) {
        return actor;
    }
    let outside = actor.namespace.outside(actor.uid);
    let login_uid = actor.login_uid.and_then(|uid| actor.namespace.outside(uid));
    Actor {
        // The name inside may be that of another user outside.
        name: outside.map_or("userns:unknown".to_owned(), |uid| format!("userns:{uid}")),
        uid: outside.unwrap_or(actor.uid),
        login_uid,
        ..actor
    }
}

/// Returns the rights of `actor` in the store at `path`.
///
/// Administrators are users who were `appointed` and, if the user namespace of `actor` maps the file's owner,
/// that owner and root.
pub fn access(actor: &Actor, appointed: bool, path: &Path) -> Access {
    let by_uid = owner_of(&actor.namespace, path)
        .is_some_and(|owner| actor.uid == ROOT || actor.uid == owner);
    Access {
        actor: actor.name.clone(),
        admin: appointed || by_uid,
    }
}

/// Returns the uid of the owner of the file at `path`, if `namespace` maps it. The overflow uid may stand
/// for any unmapped owner: then only the rights of this process tell.
fn owner_of(namespace: &Namespace, path: &Path) -> Option<u32> {
    let uid = fs::metadata(path).ok()?.uid();
    let known = !namespace.is_ambiguous(uid)
        || (namespace.outside(uid).is_some() && has_rights_of_owner(path));
    known.then_some(uid)
}

/// Tells whether `uid` may be chosen freely in `namespace`, as seen by the owner of the file at `path`: the
/// file exists, and the namespace does not map its owner.
fn is_foreign(namespace: &Namespace, uid: u32, path: &Path) -> bool {
    if namespace.is_whole() || fs::metadata(path).is_err() || owner_of(namespace, path).is_some() {
        return false;
    }
    namespace.may_be_chosen(uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespace::OVERFLOW;

    #[test]
    fn a_file_of_ones_own_is_known_and_one_that_is_not_there_is_foreign_to_nobody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let uid = file.as_file().metadata().unwrap().uid();
        for map in ["0 4000003 1", "0 1000 1\n1 100000 65536", "0 0 4294967295"] {
            let namespace = Namespace::new(map, OVERFLOW);
            assert_eq!(owner_of(&namespace, file.path()), Some(uid), "{map}");
            assert!(!is_foreign(&namespace, 0, file.path()));
            assert!(!is_foreign(&namespace, 0, Path::new("/no/such/file")));
        }
    }

    #[test]
    fn where_the_number_for_nobody_is_an_owners_the_kernel_tells() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let uid = file.as_file().metadata().unwrap().uid();
        // As if the owner were shown as the overflow uid: this process has their rights all the same.
        let doubtful = Namespace::new("0 100000 65536\n100000 1000000 4000000000\n", uid);
        assert!(doubtful.is_ambiguous(uid));
        #[cfg(target_os = "linux")]
        assert_eq!(owner_of(&doubtful, file.path()), Some(uid));
        let unknown = Namespace::new("4294967000 0 1", uid);
        assert_eq!(owner_of(&unknown, file.path()), None);
        assert!(is_foreign(&unknown, 0, file.path()));
        assert!(is_foreign(&unknown, 1000, file.path()));
    }
}
