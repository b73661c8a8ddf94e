//! Stored hashes that somebody has planted.

use super::Stage;
use crate::harness::id_of;

const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn a_hash_that_cannot_be_right_is_never_run() {
    let stage = Stage::new();
    let id = id_of(&stage.active);
    let argon2 = |head: &str| format!("{head}${SALT}${TAG}");
    let planted = [
        // 64 GiB, a thousand passes, 5 GiB in all, five lanes: each would take the machine.
        argon2("$argon2id$v=19$m=67108864,t=1,p=1"),
        argon2("$argon2id$v=19$m=4294967295,t=1,p=1"),
        argon2("$argon2id$v=19$m=8192,t=1000,p=1"),
        argon2("$argon2id$v=19$m=1048576,t=5,p=1"),
        argon2("$argon2id$v=19$m=8192,t=1,p=5"),
        argon2("$argon2id$v=19$m=8192,t=4294967295,p=16777215"),
        argon2("$argon2id$v=19$m=18446744073709551616,t=1,p=1"),
        // What costs nothing at all.
        argon2("$argon2id$v=19$m=0,t=1,p=1"),
        argon2("$argon2id$v=19$m=8,t=0,p=1"),
        argon2("$argon2id$v=19$m=8,t=1,p=0"),
        // Another algorithm, version or meaning.
        argon2("$argon2i$v=19$m=8,t=1,p=1"),
        argon2("$argon2d$v=19$m=8,t=1,p=1"),
        argon2("$argon2id$v=16$m=8,t=1,p=1"),
        argon2("$argon2id$m=8,t=1,p=1"),
        argon2("$argon2id$v=19$m=8,t=1,p=1,keyid=AAAA"),
        argon2("$argon2id$v=19$m=8,m=16,t=1,p=1"),
        format!("$scrypt$ln=4,r=8,p=1${SALT}${TAG}"),
        "$2b$04$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        // No salt, a short one, no tag, a short one.
        format!("$argon2id$v=19$m=8,t=1,p=1$${TAG}"),
        format!("$argon2id$v=19$m=8,t=1,p=1$AAAA${TAG}"),
        format!("$argon2id$v=19$m=8,t=1,p=1${TAG}"),
        format!("$argon2id$v=19$m=8,t=1,p=1${SALT}$"),
        format!("$argon2id$v=19$m=8,t=1,p=1${SALT}$AAAAAAAAAAAAAA"),
        format!("$argon2id$v=19$m=8,t=1,p=1${SALT}${TAG}A"),
        "$sha256$".to_owned(),
        "$sha256$AAAA".to_owned(),
        format!("$sha256${TAG}AAAA"),
        format!("$sha512${TAG}"),
        "plain".to_owned(),
        "$".repeat(1000),
        String::new(),
    ];
    for phc in planted {
        stage.tamper(&format!("UPDATE keys SET hash = '{phc}' WHERE id = '{id}'"));
        for token in [&stage.active, &stage.shut[4]] {
            let ran = stage.world.line("verify").stdin(token).run();
            assert_eq!(ran.code, 5, "{phc}");
            let ran = ran.fails(5, &format!("the hash of {id} cannot be"));
            assert!(
                !ran.stderr.contains(TAG) && ran.stdout.is_empty(),
                "{phc}: {ran:#?}"
            );
        }
    }
    stage.meet();
}

#[test]
fn a_salt_that_is_too_short_to_hash_with_is_a_failure() {
    let stage = Stage::new();
    for salt in ["AA", "AAAAAAAA", "AAAAAAAAAA"] {
        stage.tamper(&format!(
            "UPDATE keys SET hash = '$argon2id$v=19$m=8,t=1,p=1${salt}${TAG}' WHERE name = 'api'"
        ));
        assert_eq!(stage.verify(&stage.active), 5, "{salt}");
    }
}

#[test]
fn a_hash_of_another_key_is_not_this_ones() {
    let stage = Stage::new();
    stage.world.create("--name other --scope inference");
    stage.tamper(
        "UPDATE keys SET hash = (SELECT hash FROM keys WHERE name = 'other') WHERE name = 'api'",
    );
    assert_eq!(stage.verify(&stage.active), 1);
    stage.meet();
}
