//! What is changed holds for the very next request.

use super::server::{Served, quick, reason, rejected, valid};
use crate::exe::harness::{Site, until};
use crate::exe::timing::swap_hash;
use crate::harness::id_of;

#[test]
fn every_change_holds_for_the_next_request() {
    let site = quick();
    let token = site.create();
    let served = Served::of(site, "");
    for _ in 0..10 {
        served.on("disable KEY", &token);
        assert_eq!(served.ask(&token), rejected("disabled"));
        served.on("enable KEY", &token);
        assert_eq!(served.ask(&token), valid());
    }
    // A scope.
    let scoped = || {
        let answer = served.ask_at("/verify?scope=project", &token);
        (answer.status, reason(&answer))
    };
    assert_eq!(scoped(), (403, "scope".to_owned()));
    served.on("edit KEY --add-scope project", &token);
    assert_eq!(scoped(), valid());
    served.on("edit KEY --remove-scope project", &token);
    assert_eq!(scoped(), (403, "scope".to_owned()));
    // A scope that a new one implies.
    served
        .site
        .run("scope add all --implies project --description all");
    assert_eq!(scoped(), (403, "scope".to_owned()));
    served.on("edit KEY --add-scope all", &token);
    assert_eq!(scoped(), valid());
    let unknown = || served.ask_at("/verify?scope=new", &token).status;
    assert_eq!(unknown(), 500);
    served.site.run("scope add new --description new");
    assert_eq!(unknown(), 403);
    served.site.run("scope remove new");
    assert_eq!(unknown(), 500);
}

#[test]
fn delete_rotate_and_restore_hold_for_the_next_request() {
    let site = quick();
    let kept = site.create();
    site.run("backup before");
    let later = site.create();
    let served = Served::of(site, "");
    assert_eq!((served.ask(&kept), served.ask(&later)), (valid(), valid()));
    served.on("rotate KEY --grace 1h", &kept);
    assert_eq!(served.ask(&kept), valid());
    served.on("disable KEY", &kept);
    assert_eq!(served.ask(&kept), rejected("phased-out"));
    served.site.run("restore before --yes");
    assert_eq!(served.ask(&later), rejected("unknown"));
    assert_eq!(served.ask(&kept), valid());
    served.on("delete KEY --yes", &kept);
    assert_eq!(served.ask(&kept), rejected("unknown"));
}

#[test]
fn a_key_expires_in_its_second() {
    let site = quick();
    let token = site.run("create --scope inference --expires 2s").stdout;
    let token = token.trim_end();
    let served = Served::of(site, "");
    let expires = served.ask_at("/verify", token);
    assert_eq!(expires.status, 200, "{expires:?}");
    until("the key expires", || served.ask(token) != valid());
    assert_eq!(served.ask(token), rejected("expired"));
    served.on("edit KEY --expires 1h", token);
    assert_eq!(served.ask(token), valid());
}

#[test]
fn a_policy_of_another_hash_lets_keys_go_on() {
    let site = Site::new();
    site.run("init");
    let token = site.create();
    let served = Served::of(site, "--client-header x-real-ip");
    assert_eq!(served.ask(&token), valid());
    served.site.run("policy set hash sha256");
    assert_eq!(served.ask(&token), valid());
    let id = id_of(&token);
    until("the hash is renewed", || {
        served.site.hash(&id).starts_with("$sha256$")
    });
    assert_eq!(served.ask(&token), valid());
    served.on("disable KEY", &token);
    assert_eq!(served.ask(&token), rejected("disabled"));
}

#[test]
fn a_hash_that_was_replaced_is_compared_again() {
    for scheme in ["argon2id", "sha256"] {
        let site = Site::new();
        site.run("init");
        site.run(&format!("policy set hash {scheme}"));
        let (token, other) = (site.create(), site.create());
        let served = Served::of(site, "--no-touch --client-header x-real-ip");
        assert_eq!(served.ask(&token), valid(), "{scheme}");
        let before = served.site.hash(&id_of(&token));
        swap_hash(&served.site, &token, &other);
        assert_eq!(served.ask(&token), rejected("unknown"), "{scheme}");
        let set = "UPDATE keys SET hash = ?2 WHERE id = ?1";
        let changed = served.site.sql().execute(set, [id_of(&token), before]);
        assert_eq!(changed, Ok(1));
        assert_eq!(served.ask(&token), valid(), "{scheme}");
    }
}
