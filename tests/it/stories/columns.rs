//! `keyctl list --columns`: chosen fields of the record, for a table, for lines and for CSV.

use super::World;
use crate::harness::{Cmd, id_of};
use keyctl::output::Record;

fn list<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.cmd(["list"].into_iter().chain(line.split_whitespace()))
}

/// A world with one key, and its ID.
fn world() -> (World, String) {
    let world = World::own();
    let labels = "--label team=search --label env=prod";
    let id = id_of(&world.create(&format!(
        "--scope inference,project --name ci --expires 90d {labels}"
    )));
    (world, id)
}

#[test]
fn columns_of_csv_are_those_fields_in_that_order() {
    let (world, id) = world();
    list(&world, "--format csv --columns name,id,labels")
        .run()
        .code(0)
        .stdout(&format!(
            "name,id,labels\nci,{id},\"{{\"\"env\"\":\"\"prod\"\",\"\"team\"\":\"\"search\"\"}}\"\n"
        ));
    // Each field as the whole record has it.
    let all = list(&world, "--format csv").run().code(0).stdout;
    let columns = Record::FIELDS.join(",");
    list(&world, &format!("--format csv --columns {columns}"))
        .run()
        .code(0)
        .stdout(&all);
}

#[test]
fn columns_of_a_table_are_titled_and_read_as_words() {
    let (world, id) = world();
    list(
        &world,
        "--columns id,expires-at,last_used_at --columns usable,deleted-at,allow-from",
    )
    .run()
    .code(0)
    .stdout(&format!(
        "ID            EXPIRES              LAST USED        USABLE  DELETED  ALLOW FROM\n\
             {id}  2027-02-20 (in 90d)  no use recorded  yes              any\n"
    ))
    .stderr("1 key\n");
    let all = Record::FIELDS.join(",");
    let table = world.run(&format!("list --columns {all}")).stdout;
    let titles = Record::FIELDS.map(|field| {
        let words = field.strip_suffix("_at").unwrap_or(field);
        words.replace('_', " ").to_uppercase()
    });
    let header: Vec<&str> = table.lines().next().unwrap().split("  ").collect();
    let header: Vec<&str> = header
        .into_iter()
        .map(str::trim)
        .filter(|title| !title.is_empty())
        .collect();
    assert_eq!(header, titles);
}

#[test]
fn columns_of_lines_are_labelled() {
    let (world, id) = world();
    list(
        &world,
        "--format lines --columns id,name,labels,scopes,replaced_by,created_at,allow_from",
    )
    .run()
    .code(0)
    .stdout(&format!(
        "ID {id}, name ci, labels env=prod team=search, scopes inference project, replaced by none, \
         created 2026-11-22T00:00Z (now), allow from any\n"
    ));
}

#[test]
fn columns_that_do_not_fit_are_left_out_from_the_end() {
    let (world, _) = world();
    let all = Record::FIELDS.join(",");
    // Too many to add up: a terminal of any width is too narrow.
    let many = list(&world, &format!("--columns {}", ["id"; 6000].join(","))).terminal(100);
    many.run().code(0);
    // The first column is there however narrow the terminal is.
    let ran = list(&world, "--columns id,name").terminal(8).run().code(0);
    assert!(ran.stdout.contains("ID"), "{}", ran.stdout);
    for width in [40, 60, 80, 100, 140, 200] {
        let ran = list(&world, &format!("--columns {all} --color never"))
            .terminal(width)
            .run()
            .code(0);
        for line in ran.stdout.lines() {
            assert!(line.len() <= usize::from(width), "{width}: {line}");
        }
        let titles: Vec<&str> = ran.stdout.lines().next().unwrap().split("  ").collect();
        assert!(titles[0] == "ID", "{titles:?}");
        let left_out = ran.stderr.lines().last().unwrap();
        let left_out = left_out.strip_prefix("too narrow for: ").unwrap();
        assert!(left_out.ends_with("REPLACED BY"), "{width}: {left_out}");
    }
}

#[test]
fn columns_refuses_what_is_no_field_and_formats_without_columns() {
    let (world, _) = world();
    let known = Record::FIELDS.join(", ");
    list(&world, "--columns nmae").run().fails(
        2,
        &format!(
            "there is no column 'nmae'\nhint: did you mean 'name'? the columns are: {known}\n"
        ),
    );
    list(&world, "--columns id,xyzzy").run().fails(
        2,
        &format!("there is no column 'xyzzy'\nhint: the columns are: {known}\n"),
    );
    world
        .line("list --columns=")
        .run()
        .fails(2, "--columns has no value\n");
    for format in ["json", "jsonl", "ids"] {
        let line = format!("--columns id,name --format {format}");
        let ran = list(&world, &line).run();
        assert_eq!(ran.code, 2);
        let said = format!("--columns cannot be used with --format {format}");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        let advice = "use --format csv --columns id,name, or leave out --columns";
        assert!(ran.stderr.contains(advice), "{}", ran.stderr);
    }
}

#[test]
fn columns_of_a_table_keep_control_characters_from_the_terminal() {
    let (world, id) = world();
    world.alter(&id, |key| {
        "a\u{1b}[31mb".clone_into(&mut key.name);
        key.labels.insert("note".to_owned(), "x\u{7}".to_owned());
    });
    for format in ["table", "lines", "csv"] {
        let line = format!("--columns name,labels,created_by --format {format}");
        let shown = list(&world, &line).run().code(0).stdout;
        assert!(shown.contains("a\\u{1b}[31mb"), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown}");
    }
}

#[test]
fn columns_tell_a_first_use_that_was_not_recorded_from_no_use() {
    let (world, id) = world();
    world.alter(&id, |key| key.last_used_at = Some(key.created_at));
    let listed = list(&world, "--columns first-used-at,last-used-at").run();
    listed.stdout("FIRST USED    LAST USED\nnot recorded  2026-11-22T00:00Z (now)\n");
}
