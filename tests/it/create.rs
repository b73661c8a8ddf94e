//! `keyctl create`

use crate::harness::World;

#[test]
fn prints_the_token_alone_and_the_rest_on_stderr() {
    let world = World::new();
    let ran = world.run("create --scope inference --expires 90d --name ci");
    let token = ran.stdout.strip_suffix('\n').unwrap();
    assert_eq!(token.len(), 65);
    let id = crate::harness::id_of(token);
    let made = format!(
        "made a new store at {}; its administrator is alice\n",
        world.db().display()
    );
    ran.stderr(&format!(
        "{made}created {id}\n  name     ci\n  owner    alice\n  scopes   inference\n  expires  2027-02-20T00:00:00Z (in 90d)\n"
    ));
}
