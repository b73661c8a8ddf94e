//! A rotation, its undo and its end, by the executable.

use super::harness::{Site, run};
use crate::harness::id_of;

#[test]
fn a_rotation_tells_what_it_waits_for_and_is_undone() {
    let site = Site::cheap();
    let old = site.create();
    assert_eq!(site.verify(&old), 0);
    let id = id_of(&old);
    let new = site
        .run(&format!("rotate {id} --grace 1d"))
        .stdout
        .trim_end()
        .to_owned();
    let waits = |says: &str| {
        let shown = site.run(&format!("show {id}")).stdout;
        assert!(shown.contains("Rotation"), "{shown}");
        assert!(shown.contains(says), "{says}: {shown}");
        site.run("list --state phased-out")
            .says("): old token last used ")
            .says(says);
    };
    waits("; new token: no use recorded yet");
    assert_eq!(site.verify(&new), 0);
    waits("; new token first used ");

    let undo = format!("rotate {id} --undo");
    run(&mut site.cmd(&undo))
        .fails(4, "undo needs confirmation, and this is not a terminal\n")
        .says("--yes");
    assert_eq!(site.verify(&new), 0);
    site.run(&format!("{undo} --yes"))
        .stdout("")
        .says(&format!("deleted {}", id_of(&new)))
        .says(&format!("{id} "));
    assert_eq!(site.verify(&old), 0);
    assert_eq!(site.verify(&new), 1);
    site.run("list --state phased-out").stderr("no keys\n");
}

#[test]
fn a_rotation_that_stops_a_key_in_use_warns_without_a_terminal() {
    let site = Site::cheap();
    let old = site.create();
    assert_eq!(site.verify(&old), 0);
    let id = id_of(&old);
    let ran = site.run(&format!("rotate {id}"));
    assert_eq!(site.verify(&old), 1);
    assert_eq!(site.verify(&ran.stdout), 0);
    ran.says(&format!("warning: {id}, last used "))
        .says("with --grace 1d both tokens work");
}

#[test]
fn a_rotated_key_that_stays_with_its_owner_is_named_and_an_undo_names_a_lost_expiry() {
    let site = Site::cheap();
    let old = site.create();
    let id = id_of(&old);
    let new = site.run(&format!("rotate {id} --grace 1d")).stdout;
    let new = id_of(new.trim_end());
    site.run(&format!("edit {new} --owner heir"))
        .says(&format!("warning: {id} ("))
        .says(&format!(" edit {id} --owner heir\n"));
    assert_eq!(site.verify(&old), 0);
    site.run(&format!("edit {id} --owner heir"));
    site.run(&format!("edit {new} --expires 2h"));
    site.run(&format!("rotate {new} --undo --yes"))
        .says("these changes since the rotation are lost: expires_at\n");
}
