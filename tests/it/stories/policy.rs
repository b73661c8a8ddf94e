//! `keyctl policy`, and what policy binds.

use super::World;
use crate::harness::id_of;
use data_encoding::BASE64_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A world whose store alice has made, so that she is its administrator.
fn administered() -> World {
    let world = World::new();
    world.run("init");
    world
}

/// A policy's value, as `policy show --format json` has it.
#[track_caller]
fn value(world: &World, name: &str) -> String {
    let shown = world.run("policy show --format json").json();
    shown[name].as_str().unwrap().to_owned()
}

/// The stored hash of a token's key.
fn hash(world: &World, token: &str) -> String {
    world.hash(&id_of(token)).unwrap()
}

/// The `$sha256$` form of a token's secret, made here by other means.
fn sha256(token: &str) -> String {
    let (_, tail) = token.rsplit_once('_').unwrap();
    let digest = Sha256::digest(&tail.as_bytes()[..43]);
    format!("$sha256${}", BASE64_NOPAD.encode(&digest))
}

/// Another token of the same key, with a good checksum and a wrong secret.
fn with_wrong_secret(token: &str) -> String {
    let (head, tail) = token.rsplit_once('_').unwrap();
    let first = if tail.starts_with('a') { "b" } else { "a" };
    let body = format!("{head}_{first}{}", &tail[1..43]);
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        const ALPHABET: &[u8; 62] =
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        *digit = ALPHABET[(sum % 62) as usize];
        sum /= 62;
    }
    body + std::str::from_utf8(&digits).unwrap()
}

/// What a change of `name` is refused with, and it changes nothing.
#[track_caller]
fn refused(world: &World, name: &str, value: &str, code: u8, message: &str) {
    let before = world.rows();
    world
        .cmd(["policy", "set", name, "--", value])
        .run()
        .fails(code, message);
    assert_eq!(world.rows(), before, "policy set {name} {value}");
}

#[test]
fn shows_every_policy_with_its_default_and_its_meaning() {
    let world = administered();
    world.run("policy set max-expiry 30d");
    world.run("policy show").stderr("").stdout(
        "\
POLICY             VALUE     DEFAULT   MEANING
default-expiry     365d      365d      the lifetime of a key created without --expires; at most max-expiry
max-expiry         30d       365d      the longest lifetime of a key, counted from its creation
default-grace      0s        0s        how long a rotated key keeps working if --grace is not given
key-prefix         kc        kc        what new tokens begin with
hash               argon2id  argon2id  how new secrets are hashed: argon2id or sha256
self-service       on        on        whether users create their own keys (on), or only administrators do (off)
argon2-memory      7168      7168      memory of one argon2id hash, in KiB
argon2-iterations  5         5         passes of one argon2id hash over its memory
",
    );
}

#[test]
fn in_json_each_policy_has_the_value_that_holds() {
    let world = administered();
    let defaults = json!({
        "default-expiry": "365d",
        "max-expiry": "365d",
        "default-grace": "0s",
        "key-prefix": "kc",
        "hash": "argon2id",
        "self-service": "on",
        "argon2-memory": "7168",
        "argon2-iterations": "5",
    });
    let ran = world.run("policy show --format json").stderr("");
    assert_eq!(ran.json(), defaults);
    assert_eq!(ran.stdout.lines().count(), 1);
    for (name, given, shown) in [
        ("max-expiry", "never", "never"),
        ("default-expiry", "2y", "730d"),
        ("default-expiry", "never", "never"),
        ("default-grace", "90m", "90m"),
        ("key-prefix", "acme_prod", "acme_prod"),
        ("hash", "sha256", "sha256"),
        ("self-service", "off", "off"),
        ("argon2-memory", "47104", "47104"),
        ("argon2-iterations", "1", "1"),
    ] {
        let old = value(&world, name);
        world
            .cmd(["policy", "set", name, given])
            .run()
            .code(0)
            .stdout("")
            .stderr(&format!("{name} is now {shown} (was {old})\n"));
        assert_eq!(value(&world, name), shown);
    }
    // From the last to the first, so that no pair on the way is weak or above the maximum.
    for name in [
        "argon2-iterations",
        "argon2-memory",
        "self-service",
        "hash",
        "key-prefix",
        "default-grace",
        "default-expiry",
        "max-expiry",
    ] {
        let old = value(&world, name);
        let default = defaults[name].as_str().unwrap();
        world
            .run(&format!("policy unset {name}"))
            .stdout("")
            .stderr(&format!("{name} is now {default} (was {old})\n"));
    }
    assert_eq!(world.run("policy show --format json").json(), defaults);
}

#[test]
fn everyone_may_see_policy_and_only_an_administrator_sets_it() {
    let world = World::quick();
    assert_eq!(value(&world, "max-expiry"), "365d");
    let before = world.rows();
    for line in [
        "policy set max-expiry 30d",
        "policy set max-expiry 365d",
        "policy unset argon2-memory",
    ] {
        world.line(line).run().fails(
            4,
            "'alice' may not set policy\nhint: ask an administrator of this store: 'keyctl admin list' lists them\n",
        );
    }
    assert_eq!(world.rows(), before);
    world.run("policy show");
    world
        .line("policy set argon2-memory 47104")
        .user("carol")
        .run()
        .code(0);
}

#[test]
fn a_change_is_logged_with_old_and_new_and_why() {
    let world = administered();
    world
        .cmd(["policy", "set", "max-expiry", "1month", "-m", "the review"])
        .run()
        .code(0);
    let event = world.events().pop().unwrap();
    assert_eq!((&*event.actor, &*event.action), ("alice", "policy"));
    assert_eq!(event.key_id, None);
    assert_eq!(
        event.detail(),
        json!({"uid": 4_000_001, "name": "max-expiry", "old": "365d", "new": "30d", "reason": "the review"})
    );
    world.run("policy unset max-expiry --reason over");
    let event = world.events().pop().unwrap();
    assert_eq!(
        event.detail(),
        json!({"uid": 4_000_001, "name": "max-expiry", "old": "30d", "new": "365d", "reason": "over"})
    );
    world.check_chain();
}

#[test]
fn what_is_so_already_is_no_change_and_no_event() {
    let world = administered();
    world.run("policy set max-expiry 30d");
    let before = world.rows();
    world
        .run("policy set max-expiry 30d")
        .stderr("max-expiry is already 30d\n");
    // The same life in another unit.
    world.run("policy set max-expiry 720h");
    world.run("policy set hash argon2id");
    world
        .run("policy unset key-prefix")
        .stderr("key-prefix is already kc\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn the_default_may_be_written_out() {
    let world = administered();
    world.run("policy set max-expiry 30d");
    world
        .run("policy set max-expiry 365d")
        .stderr("max-expiry is now 365d (was 30d)\n");
}

#[test]
fn an_unknown_policy_is_refused_with_the_nearest_name() {
    let world = administered();
    let before = world.rows();
    for (name, hint) in [
        ("max-expire", "did you mean 'max-expiry'?"),
        ("default-expirey", "did you mean 'default-expiry'?"),
        ("hsh", "did you mean 'hash'?"),
        ("argon2-iteration", "did you mean 'argon2-iterations'?"),
        (
            "zzz",
            "the policies are: default-expiry, max-expiry, default-grace, key-prefix, hash, \
             self-service, argon2-memory, argon2-iterations",
        ),
    ] {
        let message = format!("there is no policy '{name}'\nhint: {hint}\n");
        world
            .cmd(["policy", "set", name, "30d"])
            .run()
            .fails(2, &message);
        world
            .cmd(["policy", "unset", name])
            .run()
            .fails(2, &message);
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_value_that_cannot_be_read_is_refused_and_says_what_can() {
    let world = administered();
    let span = "give whole numbers with units, the largest first: y, months, w, d, h, m, s, as in 90d or 1d12h";
    let prefix = "use lower-case letters and digits, '_' between words, a letter first, \
                  at most 24 characters";
    for (name, given, what, hint) in [
        ("max-expiry", "2027-01-01", "is not a duration", span),
        ("max-expiry", "30", "is not a duration", span),
        ("default-expiry", "1.5d", "is not a duration", span),
        ("default-grace", "never", "is not a duration", span),
        ("default-grace", "-1d", "is not a duration", span),
        ("key-prefix", "KC", "is not a token prefix", prefix),
        ("key-prefix", "1k", "is not a token prefix", prefix),
        ("key-prefix", "a__b", "is not a token prefix", prefix),
        ("key-prefix", "a_", "is not a token prefix", prefix),
        ("key-prefix", "", "is not a token prefix", prefix),
        (
            "key-prefix",
            "abcdefghijklmnopqrstuvwxy",
            "is not a token prefix",
            prefix,
        ),
        ("hash", "md5", "is not a hash", "it takes: argon2id, sha256"),
        (
            "hash",
            "SHA256",
            "is not a hash",
            "it takes: argon2id, sha256",
        ),
        (
            "argon2-memory",
            "64MiB",
            "is not a whole number",
            "give a number such as 19456, in KiB",
        ),
        (
            "argon2-iterations",
            "-1",
            "is not a whole number",
            "give a number such as 5",
        ),
        (
            "argon2-memory",
            "4294967296",
            "is not a whole number",
            "give a number such as 19456, in KiB",
        ),
    ] {
        let message = format!("'{given}' {what}\nhint: {hint}\n");
        refused(&world, name, given, 2, &message);
    }
    for name in ["max-expiry", "default-expiry"] {
        refused(
            &world,
            name,
            "0d",
            2,
            "a lifetime of 0s is too short\nhint: give a duration such as 90d, or 'never'\n",
        );
    }
    world.run("policy set key-prefix abcdefghijklmnopqrstuvwx");
}

#[test]
fn a_default_above_the_maximum_is_refused() {
    let world = administered();
    for (given, raise) in [
        (
            "366d",
            ", or raise that first: keyctl policy set max-expiry 366d",
        ),
        ("never", ""),
    ] {
        refused(
            &world,
            "default-expiry",
            given,
            4,
            &format!(
                "default-expiry {given} is above max-expiry 365d\nhint: give at most 365d{raise}\n"
            ),
        );
    }
    world.run("policy set max-expiry 30d");
    refused(
        &world,
        "default-expiry",
        "31d",
        4,
        "default-expiry 31d is above max-expiry 30d\n",
    );
    world.run("policy set default-expiry 30d");
    world.run("policy set max-expiry never");
    world.run("policy set default-expiry never");
}

#[test]
fn a_default_may_be_unset_under_any_maximum() {
    let world = administered();
    world.run("policy set max-expiry 30d");
    world.run("policy set default-expiry 7d");
    world
        .run("policy unset default-expiry")
        .stderr("default-expiry is now 365d (was 7d)\n");
    let record = world.run("create --scope inference --format json").json();
    assert_eq!(record["expires_at"], json!("2026-12-22T00:00:00Z"));
}

#[test]
fn the_default_that_holds_is_the_shorter_of_default_and_maximum() {
    let world = administered();
    let expiry = |line: &str| {
        let world = &world;
        for change in line.split(", ") {
            world.run(&format!("policy {change}"));
        }
        let made = world.run("create --scope inference --format json");
        made.json()["expires_at"].clone()
    };
    let days = |days: i64| {
        let at = keyctl::when::Timestamp::from_millis(world.now().millis() + days * 86_400_000);
        json!(at.unwrap().to_string())
    };
    world.run("policy set hash sha256");
    assert_eq!(expiry("show"), days(365));
    assert_eq!(expiry("set max-expiry 30d"), days(30));
    assert_eq!(expiry("set default-expiry 7d"), days(7));
    assert_eq!(expiry("set max-expiry 3d"), days(3));
    assert_eq!(expiry("set max-expiry never"), days(7));
    assert_eq!(expiry("set default-expiry never"), Value::Null);
    assert_eq!(expiry("set max-expiry 400d"), days(400));
}

#[test]
fn a_maximum_binds_create_edit_and_rotate_alike() {
    let world = administered();
    world.run("policy set hash sha256");
    world.run("policy set max-expiry 30d");
    let made = world.run("create --scope inference --name ci --format json");
    assert_eq!(made.json()["expires_at"], json!("2026-12-22T00:00:00Z"));
    let before = world.rows();
    for (line, asked) in [
        (
            "create --scope inference --expires 31d",
            "2026-12-23T00:00:00Z",
        ),
        ("create --scope inference --expires never", "never"),
        ("edit ci --expires 31d", "2026-12-23T00:00:00Z"),
        ("edit ci --expires never", "never"),
        ("rotate ci --expires 31d", "2026-12-23T00:00:00Z"),
        ("rotate ci --expires never", "never"),
    ] {
        world.line(line).run().fails(
            4,
            &format!(
                "{}2026-12-22T00:00:00Z\n\
                 hint: a key lives at most 30d from its creation (max-expiry): give --expires \
                 2026-12-22T00:00:00Z or an earlier time, or {}\n",
                match asked {
                    "never" =>
                        "policy does not allow a key that never expires: the latest expiry is "
                            .to_owned(),
                    asked => format!("expiry {asked} is later than policy allows: the latest is "),
                },
                match asked {
                    "never" => "ask an administrator for more",
                    _ => "have an administrator raise it: keyctl policy set max-expiry 31d",
                }
            ),
        );
    }
    assert_eq!(world.rows(), before);
    world.run("create --scope inference --expires 30d");
    world.run("edit ci --expires 2026-12-22T00:00:00Z");
    // An edit counts from the key's creation, a rotation makes a key of its own.
    world.advance("1d");
    world
        .line("edit ci --expires 30d")
        .run()
        .fails(4, "expiry 2026-12-23T00:00:00Z is later than policy allows: the latest is 2026-12-22T00:00:00Z\n");
    let new = world.run("rotate ci --expires 30d --format json").json();
    assert_eq!(new["expires_at"], json!("2026-12-23T00:00:00Z"));
}

#[test]
fn never_lifts_the_maximum_for_all_of_them() {
    let world = administered();
    world.run("policy set hash sha256");
    world.run("policy set max-expiry never");
    let made = world.run("create --scope inference --name ci --expires never --format json");
    assert_eq!(made.json()["expires_at"], Value::Null);
    world.run("edit ci --expires 20y");
    assert_eq!(
        world.record("ci")["expires_at"],
        json!("2046-11-17T00:00:00Z")
    );
    let new = world.run("rotate ci --expires never --format json").json();
    assert_eq!(new["expires_at"], Value::Null);
}

#[test]
fn keys_that_exist_keep_their_dates() {
    let world = administered();
    let token = world.create("--scope inference --name ci --expires 300d");
    let before = world.record("ci");
    world.run("policy set max-expiry 30d");
    world.run("policy set default-expiry 1d");
    assert_eq!(world.record("ci"), before);
    // What is not given is not checked either.
    world.run("edit ci --label team=search");
    assert_eq!(world.record("ci")["expires_at"], before["expires_at"]);
    world.advance("299d");
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    // The successor is a new key: its life is cut, and that is said.
    let ran = world.run("rotate ci").says("max-expiry");
    let new = world.record(&id_of(ran.stdout.trim_end()));
    assert_eq!(new["expires_at"], json!("2027-10-17T00:00:00Z"));
    assert_eq!(
        world.record(&id_of(&token))["expires_at"],
        before["expires_at"]
    );
}

#[test]
fn the_default_grace_is_what_rotate_gives_when_it_is_given_none() {
    let world = administered();
    world.run("policy set hash sha256");
    let first = world.create("--scope inference --name ci");
    let second = world.run("rotate ci").stdout;
    assert_eq!(world.verify(&first, ""), 1, "a grace that nobody gave");
    world.run("policy set default-grace 2h");
    let third = world.run("rotate ci").stdout;
    assert_eq!(
        world.record(&id_of(second.trim_end()))["usable_until"],
        json!("2026-11-22T02:00:00Z")
    );
    assert_eq!(world.verify(&second, ""), 0);
    world.run("rotate ci --grace 0s");
    assert_eq!(world.verify(&third, ""), 1);
}

#[test]
fn a_default_grace_is_at_most_90_days() {
    let world = administered();
    refused(
        &world,
        "default-grace",
        "91d",
        4,
        "a grace of 91d is too long: the longest is 90d\nhint: give at most 90d\n",
    );
    world.run("policy set default-grace 90d");
    world.run("policy set default-grace 0s");
}

#[test]
fn a_cost_below_every_choice_of_owasp_is_refused() {
    const PAIRS: [(u32, u32); 5] = [(47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5)];
    let world = administered();
    for (memory, iterations) in PAIRS {
        // Up first and then down: no pair on the way may be weak.
        world.run("policy set argon2-iterations 5");
        world.run(&format!("policy set argon2-memory {memory}"));
        world.run(&format!("policy set argon2-iterations {iterations}"));
        for (name, memory, iterations, given) in [
            ("argon2-memory", memory - 1, iterations, memory - 1),
            ("argon2-iterations", memory, iterations - 1, iterations - 1),
        ] {
            refused(
                &world,
                name,
                &given.to_string(),
                4,
                &format!(
                    "argon2 with {memory} KiB and {iterations} iterations is too weak\nhint: \
                     the weakest that OWASP recommends: 47104 KiB with 1, 19456 KiB with 2, 12288 KiB with 3, 9216 \
                     KiB with 4, 7168 KiB with 5\n"
                ),
            );
        }
    }
}

#[test]
fn unsetting_half_of_a_pair_must_not_leave_a_weak_one() {
    let world = administered();
    world.run("policy set argon2-memory 47104");
    world.run("policy set argon2-iterations 1");
    let before = world.rows();
    world
        .line("policy unset argon2-memory")
        .run()
        .fails(4, "argon2 with 7168 KiB and 1 iterations is too weak\n");
    assert_eq!(world.rows(), before);
    world.run("policy unset argon2-iterations");
    world.run("policy unset argon2-memory");
}

#[test]
fn a_cost_above_what_is_ever_run_is_refused() {
    let world = administered();
    let most =
        "hint: at most 1048576 KiB, 100 iterations, and 4194304 KiB for the product of the two\n";
    for (name, given, memory, iterations) in [
        ("argon2-iterations", "101", "7168", "101"),
        ("argon2-memory", "838861", "838861", "5"),
        ("argon2-memory", "1048577", "1048577", "5"),
    ] {
        refused(
            &world,
            name,
            given,
            4,
            &format!("argon2 with {memory} KiB and {iterations} iterations costs too much\n{most}"),
        );
    }
    world.run("policy set argon2-memory 838860");
    world.run("policy set argon2-iterations 4");
    world.run("policy set argon2-memory 1048576");
    refused(
        &world,
        "argon2-memory",
        "1048577",
        4,
        "argon2 with 1048577 KiB",
    );
}

#[test]
fn the_cost_is_that_of_new_hashes() {
    let world = administered();
    let old = world.create("--scope inference");
    world.run("policy set argon2-memory 9216");
    world.run("policy set argon2-iterations 4");
    let new = world.create("--scope inference");
    assert!(hash(&world, &old).starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
    assert!(hash(&world, &new).starts_with("$argon2id$v=19$m=9216,t=4,p=1$"));
}

#[test]
fn sha256_is_the_unpadded_base64_of_the_secrets_digest() {
    let world = administered();
    world.run("policy set hash sha256");
    let token = world.create("--scope inference --name ci");
    assert_eq!(hash(&world, &token), sha256(&token));
    assert_eq!(hash(&world, &token).len(), 8 + 43);
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    assert_eq!(world.verify(&with_wrong_secret(&token), ""), 1);
    let new = world.run("rotate ci").stdout;
    assert_eq!(hash(&world, new.trim_end()), sha256(new.trim_end()));
}

#[test]
fn both_schemes_live_side_by_side_and_no_change_breaks_a_key() {
    let world = administered();
    let slow = world.create("--scope inference --name slow");
    world.run("policy set hash sha256");
    let fast = world.create("--scope inference --name fast");
    world.run("policy set hash argon2id");
    world.run("policy set argon2-memory 9216");
    let other = world.create("--scope inference --name other");
    for change in [
        "set hash sha256",
        "set hash argon2id",
        "unset argon2-memory",
        "set key-prefix acme",
        "unset hash",
    ] {
        world.run(&format!("policy {change}"));
        for token in [&slow, &fast, &other] {
            // With and without the hash made anew.
            assert_eq!(world.verify(token, "--no-touch"), 0, "{change}");
            assert_eq!(world.verify(&with_wrong_secret(token), ""), 1, "{change}");
        }
        assert_eq!(world.verify(&slow, ""), 0, "{change}");
        assert_eq!(world.verify(&fast, ""), 0, "{change}");
    }
    // The one that nobody has verified is as it was made.
    assert!(hash(&world, &other).starts_with("$argon2id$v=19$m=9216,t=5,p=1$"));
    world.check_chain();
}

#[test]
fn the_next_good_verify_rewrites_that_rows_hash_and_no_other() {
    let world = administered();
    let one = world.create("--scope inference --name one");
    let two = world.create("--scope inference --name two");
    let untouched = hash(&world, &two);
    world.run("policy set hash sha256");
    assert!(hash(&world, &one).starts_with("$argon2id$"));
    assert_eq!(world.verify(&one, ""), 0);
    assert_eq!(hash(&world, &one), sha256(&one));
    assert_eq!(hash(&world, &two), untouched);
    let event = world.events().pop().unwrap();
    assert_eq!(event.action, "rehash");
    assert_eq!(event.key_id, Some(id_of(&one)));
    // And back.
    world.run("policy unset hash");
    assert_eq!(world.verify(&one, ""), 0);
    assert!(hash(&world, &one).starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
    assert_eq!(world.verify(&one, ""), 0);
    let rehashed = world.log().into_iter().filter(|action| action == "rehash");
    assert_eq!(rehashed.count(), 2);
}

#[test]
fn only_a_good_verify_rewrites_a_hash() {
    let world = administered();
    let token = world.create("--scope inference --name ci");
    let old = hash(&world, &token);
    world.run("policy set hash sha256");
    assert_eq!(world.verify(&with_wrong_secret(&token), ""), 1);
    assert_eq!(hash(&world, &token), old, "by a wrong secret");
    assert_eq!(world.verify(&token, "--scope project"), 6);
    assert_eq!(hash(&world, &token), old, "without the scope");
    assert_eq!(world.verify(&token, "--no-touch"), 0);
    assert_eq!(hash(&world, &token), old, "with --no-touch");
    world.run("disable ci");
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(hash(&world, &token), old, "while disabled");
    world.run("enable ci");
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(hash(&world, &token), sha256(&token));
}

#[test]
fn a_key_in_its_grace_is_rewritten_too() {
    let world = administered();
    let token = world.create("--scope inference --name ci");
    world.run("rotate ci --grace 1h");
    world.run("policy set hash sha256");
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(hash(&world, &token), sha256(&token));
}

#[test]
fn new_tokens_have_the_new_prefix_and_old_ones_go_on_working() {
    let world = administered();
    world.run("policy set hash sha256");
    let old = world.create("--scope inference --name old");
    assert!(old.starts_with("kc_"));
    world.run("policy set key-prefix acme_prod");
    let ran = world.run("create --scope inference --format json").json();
    assert!(ran["token"].as_str().unwrap().starts_with("acme_prod_"));
    assert_eq!(
        ran["name"],
        json!("acme_prod-apikey-alice-20261122T000000Z")
    );
    assert_eq!(world.verify(ran["token"].as_str().unwrap(), ""), 0);
    assert_eq!(world.verify(&old, "--scope inference"), 0);
    let new = world.run("rotate old --grace 1h").stdout;
    assert!(new.starts_with("acme_prod_"));
    assert_eq!(world.verify(&old, ""), 0);
    assert_eq!(world.verify(&new, ""), 0);
}

#[test]
fn create_with_self_service_off_is_refused_but_for_administrators() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.policy("self-service", "off");
    let before = world.rows();
    for line in [
        "create --scope inference --name more",
        "create --scope inference --owner alice",
        "create --scope inference --owner bob",
        "create --scope inference --count 3",
        "create --kind legacy",
    ] {
        world.line(line).run().fails(
            4,
            "'alice' may not create keys: policy self-service is off\n\
             hint: ask an administrator of this store: 'keyctl admin list' lists them\n",
        );
    }
    assert_eq!(world.rows(), before);
    let refusal = world.events().pop().unwrap();
    assert_eq!((&*refusal.actor, &*refusal.action), ("alice", "refuse"));
    assert_eq!(refusal.detail()["code"], json!("access"));
    for (owner, name) in [("carol", "own"), ("alice", "given")] {
        world
            .line(&format!(
                "create --scope inference --owner {owner} --name {name}"
            ))
            .user("carol")
            .run()
            .code(0);
    }
}

#[test]
fn users_change_rotate_and_stop_their_own_keys_with_self_service_off() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.policy("self-service", "off");
    for line in [
        "edit web --label team=a",
        "rotate web",
        "disable web",
        "enable web",
        "delete web --yes",
    ] {
        world.run(line);
    }
    world.policy("self-service", "on");
    world.create("--scope inference --name web");
}

#[test]
fn set_self_service_takes_on_and_off_alone() {
    let world = administered();
    for value in ["yes", "Off", "", "0"] {
        refused(
            &world,
            "self-service",
            value,
            2,
            &format!("'{value}' is neither on nor off\nhint: it takes: on, off\n"),
        );
    }
    world.run("policy set self-service off");
    world
        .run("policy set self-service on")
        .stderr("self-service is now on (was off)\n");
}

#[test]
fn what_policy_refuses_is_logged_and_a_mistake_is_not() {
    let world = administered();
    world.line("policy set max-expiry soon").run().code(2);
    assert_eq!(world.events().len(), 1, "a mistake is no refusal");
    world.line("policy set default-expiry 2y").run().code(4);
    let event = world.events().pop().unwrap();
    assert_eq!(event.action, "refuse");
    assert_eq!(event.detail()["command"], json!("policy set"));
    assert_eq!(event.detail()["code"], json!("policy"));
    world.check_chain();
}

#[test]
fn without_a_store_there_is_no_policy() {
    let world = World::new();
    for line in [
        "policy show",
        "policy set max-expiry 30d",
        "policy unset hash",
    ] {
        let ran = world.line(line).run();
        ran.fails(5, "there is no store ")
            .says(&world.shown("alice"));
    }
    assert!(!world.has_store());
    world.line("policy").run().code(2).stdout("");
    world
        .line("policy set max-expiry")
        .run()
        .fails(2, "missing argument: VALUE");
}

#[test]
fn a_shorter_maximum_says_how_many_keys_outlive_it() {
    let world = administered();
    world.create("--scope inference --name a --expires 90d");
    world.create("--scope inference --name b --expires 30d");
    world.create("--scope inference --name gone --expires 90d");
    world.run("delete gone --yes");
    world.create("--kind legacy --name robot");
    world
        .run("policy set max-expiry 90d")
        .stderr("max-expiry is now 90d (was 365d)\n");
    world.run("policy set max-expiry 30d").stderr(
        "max-expiry is now 30d (was 90d)\n1 key lives longer than that and keeps its dates\nhint: 'keyctl doctor' shows them\n",
    );
    world.run("policy set max-expiry 7d").says(
        "2 keys live longer than that and keep their dates\nhint: 'keyctl doctor' shows them\n",
    );
    world
        .run("policy set max-expiry 7d")
        .stderr("max-expiry is already 7d\n");
    world
        .run("policy unset max-expiry")
        .stderr("max-expiry is now 365d (was 7d)\n");
}
