use super::*;
use proptest::prelude::*;
use serde_json::json;

const KNOWN: [&str; 5] = ["name", "owner", "scopes", "labels", "disabled"];

const SECRET: &str = "sk_live_9f8e7d6c5b4a39281706";

fn records(text: &str) -> Vec<Record> {
    read(text.as_bytes(), &KNOWN).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(bytes: impl AsRef<[u8]>) -> String {
    match read(bytes.as_ref(), &KNOWN) {
        Ok(_) => panic!("{:?} was read", String::from_utf8_lossy(bytes.as_ref())),
        Err(error) => {
            assert_eq!(error.kind.exit_code(), 2, "{error}");
            let hint = format!("{:?}", error.hint);
            assert!(!error.message.contains(SECRET) && !hint.contains(SECRET));
            error.message
        }
    }
}

/// The only record of a JSON object whose field `field` has this value.
fn with(field: &str, value: &str) -> Record {
    let text = format!("{{\"{field}\":{value}}}");
    records(&text).pop().unwrap()
}

#[test]
fn csv_gives_records_with_lines_and_without_blank_cells() {
    let text = "\u{feff}\n name ,owner,\"labels\"\r\n\r\nweb, alice ,\r\n,,\r\n\"a,\"\"b\"\"\nc\",,\" x \"\nlast,\t,";
    let records = records(text);
    let lines: Vec<usize> = records.iter().map(|record| record.line).collect();
    assert_eq!(lines, [4, 6, 8]);
    let text = |at: usize, field| records[at].text(field).unwrap();
    assert_eq!(text(0, "name"), Some("web"));
    assert_eq!(text(0, "owner"), Some("alice"));
    assert_eq!(text(0, "labels"), None);
    assert_eq!(text(1, "name"), Some("a,\"b\"\nc"));
    assert_eq!(text(1, "labels"), Some(" x "));
    assert_eq!(text(2, "owner"), None);
    assert!(!records[2].has("owner") && records[2].has("name"));
}

#[test]
fn json_lines_give_records_with_lines_and_without_empty_values() {
    let text = "\n{\"name\":\"web\",\"owner\":null}\r\n \n {\"name\":\"é\\n\",\"owner\":\"\",\"scopes\":[],\"labels\":{}}";
    let records = records(text);
    assert_eq!((records[0].line, records[1].line), (2, 4));
    assert_eq!(records[0].text("name").unwrap(), Some("web"));
    assert_eq!(records[1].text("name").unwrap(), Some("é\n"));
    assert!(
        ["owner", "scopes", "labels"]
            .iter()
            .all(|field| !records[1].has(field))
    );
}

#[test]
fn text_in_neither_format_is_refused_with_its_line() {
    for (text, expected) in [
        ("", "the input has no records"),
        ("\u{feff} \n\n", "the input has no records"),
        ("name,owner\n", "the input has no records"),
        ("name,owner\n,\n", "the input has no records"),
        (" [{\"name\":\"web\"}]", "the input is a JSON array"),
        ("name\nweb\n\0", "line 3: the text has a NUL byte"),
        (
            "name\rweb",
            "line 1: the text has a carriage return without a line feed",
        ),
        (
            "name\r\nweb\r",
            "line 2: the text has a carriage return without a line feed",
        ),
    ] {
        assert_eq!(refused(text), expected, "{text:?}");
    }
    assert_eq!(refused(b"name\nb\xfc\n"), "line 2: the text is not UTF-8");
    assert_eq!(refused(b"\xff\xfen\0"), "line 1: the text is not UTF-8");
}

#[test]
fn flaws_of_csv_are_named_by_line_and_field() {
    let secret = SECRET;
    for (text, expected) in [
        (
            format!("\n{secret},alice\n"),
            "line 2: the header's field 1 is not a field name; the first line must name the fields",
        ),
        (
            "name,\nweb,x\n".to_owned(),
            "line 1: the header's field 2 is not a field name; the first line must name the fields",
        ),
        (
            "name;owner\nweb;x\n".to_owned(),
            "line 1: the header's field 1 is not a field name; the first line must name the fields",
        ),
        ("name,ower\n".to_owned(), "line 1: unknown field 'ower'"),
        (
            "name,name\n".to_owned(),
            "line 1: field 'name': it is in the header twice",
        ),
        (
            format!("name,owner\nweb,a\n{secret},b,c\n"),
            "line 3: cells in the row: 3; fields in the header: 2",
        ),
        (
            format!("name,owner\n{secret}\n"),
            "line 2: cells in the row: 1; fields in the header: 2",
        ),
        (
            format!("name,owner\nweb,\"\n{secret}\n"),
            "line 2: field 'owner': its quote is not closed",
        ),
        (
            format!("name,owner\n\"a\nb\",\"b\"{secret}\n"),
            "line 3: field 'owner': text follows its closing quote",
        ),
        (
            format!("name,owner\n{secret}\"x\",b\n"),
            "line 2: field 'name': a cell with a quote in it needs quotes around it, and the quote twice",
        ),
        (
            "name\n1,\"".to_owned(),
            "line 2: cell 2: its quote is not closed",
        ),
    ] {
        assert_eq!(refused(&text), expected, "{text:?}");
    }
}

#[test]
fn flaws_of_json_lines_are_named_by_line_and_field() {
    let secret = SECRET;
    for (text, expected) in [
        (
            format!("{{\"name\":\"{secret}\",\"name\":\"b\"}}"),
            "line 1: field 'name': it is given twice",
        ),
        (
            format!("{{\"ower\":\"{secret}\"}}"),
            "line 1: unknown field 'ower'",
        ),
        (
            format!("{{\"name\":\"a\",\"{secret}\":1}}"),
            "line 1: the name of field 2 is not a field's",
        ),
        (
            format!("{{\"name\":\"a\"}}\n{{\"name\":\"{secret}"),
            "line 2: the JSON object does not end on its line",
        ),
        (
            "{\n\"name\":\"a\"}".to_owned(),
            "line 1: the JSON object does not end on its line",
        ),
        (
            format!("{{}}\n\"{secret}\""),
            "line 2: the line is not a JSON object",
        ),
        (
            format!("{{\"name\":{secret}}}"),
            "line 1: the line is not JSON from column 9 on",
        ),
        (
            "{}{}".to_owned(),
            "line 1: the line is not JSON from column 3 on",
        ),
        (
            format!("{{\"name\":{}", "[".repeat(100_000)),
            "line 1: the line is not JSON from column 135 on",
        ),
    ] {
        assert_eq!(refused(&text), expected, "{}", &text[..text.len().min(80)]);
    }
}

#[test]
fn text_takes_strings_alone() {
    for (value, expected) in [
        ("12", "field 'name': it is a number, not text"),
        ("true", "field 'name': it is not text"),
        ("-1", "field 'name': it is not text"),
        ("[\"a\"]", "field 'name': it is not text"),
        ("{\"a\":{}}", "field 'name': it is not text"),
    ] {
        assert_eq!(
            with("name", value).text("name").unwrap_err().message,
            expected
        );
    }
}

#[test]
fn list_takes_an_array_and_text_between_commas_and_blanks() {
    for value in [
        "[\"a\",\"b:c\"]",
        "\"a,b:c\"",
        "\" a  b:c, \"",
        "\"[\\\"a\\\", \\\"b:c\\\"]\"",
    ] {
        assert_eq!(
            with("scopes", value).list("scopes").unwrap(),
            ["a", "b:c"],
            "{value}"
        );
    }
    assert!(with("name", "\"a\"").list("scopes").unwrap().is_empty());
    for value in ["[1]", "[[]]", "{\"a\":\"b\"}", "true", "7", "\"[a\""] {
        let error = with("scopes", value).list("scopes").unwrap_err();
        assert!(
            error.message.starts_with("field 'scopes': it is no"),
            "{error}"
        );
    }
}

#[test]
fn labels_take_an_object_and_pairs_between_commas() {
    for value in [
        "{\"team\":\"search\",\"stage\":\"a=b\"}",
        "\"team=search, stage=a=b\"",
        "\"{\\\"team\\\":\\\"search\\\",\\\"stage\\\":\\\"a=b\\\"}\"",
    ] {
        let labels = with("labels", value).labels("labels").unwrap();
        let expected = [("team", "search"), ("stage", "a=b")];
        assert_eq!(
            labels,
            expected.map(|(k, v)| (k.to_owned(), v.to_owned())),
            "{value}"
        );
    }
    let twice = with("labels", "{\"a\":\"1\",\"a\":\"2\"}")
        .labels("labels")
        .unwrap();
    assert_eq!(twice.len(), 2);
    for value in [
        "{\"a\":1}",
        "{\"a\":{}}",
        "[\"a=b\"]",
        "\"a\"",
        "\"a=b,\"",
        "\"{a\"",
        "1",
    ] {
        let error = with("labels", value).labels("labels").unwrap_err();
        assert!(error.message.starts_with("field 'labels': "), "{error}");
    }
}

#[test]
fn flag_takes_true_and_false_in_the_words_of_databases() {
    for value in ["true", "1", "\"TRUE\"", "\" t\"", "\"yes\"", "\"1\""] {
        assert_eq!(
            with("disabled", value).flag("disabled").unwrap(),
            Some(true),
            "{value}"
        );
    }
    for value in ["false", "0", "\"False\"", "\"f\"", "\"no\"", "\"0\""] {
        assert_eq!(
            with("disabled", value).flag("disabled").unwrap(),
            Some(false),
            "{value}"
        );
    }
    assert_eq!(with("disabled", "null").flag("disabled").unwrap(), None);
    for value in ["2", "1.0", "\"on\"", "[\"true\"]"] {
        assert!(with("disabled", value).flag("disabled").is_err(), "{value}");
    }
}

#[test]
fn at_line_keeps_all_of_an_error_but_puts_the_line_before_it() {
    let error = Error::policy("too long")
        .hint("shorter")
        .adding("nothing was made");
    let at = at_line(3, error.clone());
    assert_eq!(at.to_string(), "line 3: too long; nothing was made");
    assert_eq!((at.kind, at.hint), (error.kind, error.hint));
}

/// `cells` as CSV, with quotes where they are needed and where `quotes` wants them.
fn as_csv(rows: &[Vec<String>], quotes: bool) -> String {
    let mut text = KNOWN.join(",");
    for row in rows {
        let cells = row.iter().map(|cell| {
            let plain = !quotes && cell.trim() == cell && !cell.contains([',', '"', '\n']);
            if plain {
                cell.clone()
            } else {
                format!("\"{}\"", cell.replace('"', "\"\""))
            }
        });
        text += &format!("\r\n{}", cells.collect::<Vec<_>>().join(","));
    }
    text
}

fn as_json(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| {
        let fields = KNOWN.iter().zip(row);
        let fields = fields.map(|(name, cell)| ((*name).to_owned(), json!(cell)));
        serde_json::Value::Object(fields.collect()).to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shown(records: &[Record]) -> Vec<String> {
    let fields = |record: &Record| {
        let texts = KNOWN.map(|field| record.text(field).unwrap().map(str::to_owned));
        let parts = (record.list("scopes"), record.labels("labels"));
        let flag = record.flag("disabled").ok();
        format!("{texts:?} {:?} {:?} {flag:?}", parts.0.ok(), parts.1.ok())
    };
    records.iter().map(fields).collect()
}

proptest! {
    #[test]
    fn read_never_panics(
        begin in "(\u{feff})?[ \n]*(name,owner\n|\\{\"name\":|\\[|)",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        drop(read(&[begin.as_bytes(), &bytes].concat(), &KNOWN));
    }

    #[test]
    fn read_never_panics_on_the_marks_of_both_formats(
        text in "[\"\\\\,:{}\\[\\]\r\n ab0é\u{feff}-]{0,60}",
    ) {
        for begin in ["", "name,owner\n", "{\"name\":"] {
            let Ok(records) = read(format!("{begin}{text}").as_bytes(), &KNOWN) else {
                continue;
            };
            for record in records {
                drop((record.text("name"), record.list("name"), record.labels("name"), record.flag("name")));
            }
        }
    }

    #[test]
    fn csv_and_json_lines_of_the_same_records_read_the_same(
        rows in prop::collection::vec(prop::collection::vec("[a=,\"{}\\[\n é]{0,6}|true|1", 5..6), 1..6),
        quotes: bool,
    ) {
        prop_assume!(rows.iter().all(|row| row.iter().any(|cell| !cell.trim().is_empty())));
        let csv = read(as_csv(&rows, quotes).as_bytes(), &KNOWN);
        let json = read(as_json(&rows).as_bytes(), &KNOWN);
        prop_assert_eq!(shown(&csv.unwrap()), shown(&json.unwrap()));
    }
}
