//! `docs/guide/states.md`: a key in each state of the table, in the table's order.

use super::links::root;
use crate::harness::{World, id_of};
use std::fs;

/// The commands that put a key into a state, from the state before it in the table on, and how much time
/// passes then. `KEY` is the key's ID.
const STEPS: [(&str, &str, &str); 5] = [
    ("active", "", "0s"),
    ("disabled", "disable KEY", "0s"),
    // Disabled still: it comes further down.
    ("expired", "", "2d"),
    (
        "phased-out",
        "enable KEY;edit KEY --expires 30d;rotate KEY --grace 1h",
        "0s",
    ),
    ("deleted", "delete KEY --yes", "0s"),
];

#[test]
fn a_key_in_each_state_is_accepted_as_the_table_says_and_the_last_state_is_shown() {
    let page = fs::read_to_string(root().join("docs/guide/states.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    let states: Vec<&str> = rows
        .iter()
        .map(|row| row[0].trim_start_matches("| ").trim_matches('`'))
        .collect();
    assert_eq!(states, STEPS.map(|(state, ..)| state));

    let world = World::quick();
    let token = world.create("--scope inference --expires 1d");
    let id = id_of(&token);
    for (row, (state, commands, pass)) in rows.iter().zip(STEPS) {
        for command in commands.split_terminator(';') {
            world.run(&command.replace("KEY", &id));
        }
        world.advance(pass);
        assert_eq!(world.record(&id)["state"], state);
        let accepted = row[2].trim_end_matches(" |");
        let is_accepted = world.verify(&token, "") == 0;
        assert_eq!(is_accepted, accepted != "no", "{state}: {accepted}");
        if accepted.starts_with("only during its [grace period]") {
            world.advance("2h");
            assert_eq!(world.verify(&token, ""), 1, "{state}");
        } else {
            assert!(["yes", "no"].contains(&accepted), "{state}: {accepted}");
        }
    }
}
