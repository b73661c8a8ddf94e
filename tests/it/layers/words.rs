//! The words of a Rust source file: identifiers, `::`, and single signs. Comments and literals are
//! left out, and so is what is compiled for tests alone.

/// The attribute of what is compiled for tests alone.
const FOR_TESTS: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

/// Words of the text of a file, and the names of its modules that are for tests alone.
pub fn read(text: &str) -> (Vec<&str>, Vec<&str>) {
    without_tests(&split(text))
}

fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match unread(rest) {
            Some(length) => length,
            None => {
                let length = word(rest, first);
                words.push(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    words
}

/// The length of the word that `text` begins with.
fn word(text: &str, first: char) -> usize {
    if text.starts_with("::") {
        return 2;
    }
    let end = text.find(|c: char| !is_in_name(c)).unwrap_or(text.len());
    end.max(first.len_utf8())
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of what `text` begins with, if that is a blank, a comment or a literal.
fn unread(text: &str) -> Option<usize> {
    let upto = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    if text.starts_with(char::is_whitespace) {
        return Some(text.len() - text.trim_start().len());
    }
    if text.starts_with("//") {
        return Some(upto("\n"));
    }
    if text.starts_with("/*") {
        return Some(upto("*/"));
    }
    let quoted = text.trim_start_matches(['b', 'c']);
    let before = text.len() - quoted.len();
    if before <= 1 && quoted.starts_with('"') {
        return Some(before + literal(quoted, '"'));
    }
    if let Some(raw) = quoted.strip_prefix('r').filter(|_| before <= 1) {
        let signs = raw.len() - raw.trim_start_matches('#').len();
        if raw[signs..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(signs));
            let body = &raw[signs + 1..];
            let length = body.find(&end).map_or(body.len(), |at| at + end.len());
            return Some(text.len() - body.len() + length);
        }
    }
    if before == 1 && quoted.starts_with('\'') {
        return Some(before + literal(quoted, '\''));
    }
    character(text)
}

/// The length of a character literal or a lifetime.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if inner.starts_with('\\') || inner.chars().nth(1) == Some('\'') {
        return Some(literal(text, '\''));
    }
    Some(1 + inner.find(|c| !is_in_name(c)).unwrap_or(inner.len()))
}

/// The length of the literal between two of `quote` that `text` begins with.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_tests<'a>(words: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut rest = words;
    while let Some((first, next)) = rest.split_first() {
        match rest.strip_prefix(&FOR_TESTS) {
            Some(item) => {
                if let ["mod", name, ..] = item {
                    modules.push(*name);
                }
                rest = &item[item_length(item)..];
            }
            None => {
                kept.push(*first);
                rest = next;
            }
        }
    }
    (kept, modules)
}

/// How many words the item has that `words` begin with.
fn item_length(words: &[&str]) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match *word {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" => {}
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    words.len()
}

#[test]
fn read_leaves_out_comments_literals_and_what_is_for_tests() {
    let text = r##"
        use a::B; // use c::D
        /* use e::F; */ fn f<'a>(_: &'a str) -> char { let _ = ("use g::H;", r#"i::"J"#, b'\'', '"'); 'k' }
        #[cfg(test)]
        mod plans;
        #[cfg(test)]
        mod tests { use l::M; fn n() {} }
        use o::P;
    "##;
    let (words, modules) = read(text);
    let names = |word: &&str| word.starts_with(|c: char| c.is_alphabetic());
    let names: Vec<&str> = words.into_iter().filter(names).collect();
    let expected = "use a B fn f str char let use o P";
    assert_eq!(names.join(" "), expected);
    assert_eq!(modules, ["plans", "tests"]);
}
