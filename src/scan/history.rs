//! Position in the output of `git log -p`.
//!
//! A commit begins with a line `commit HASH`, and each of its files with a line `diff …`. Only these begin at the start of
//! a line: git indents messages, and puts `+`, `-` or a blank before the lines of a file, one for each parent of the
//! commit: with `-c`, a merge has several.

use super::place::{Lines, Spot, Track};
use memchr::memchr;

/// Maximum number of bytes of a line that are kept: more than the longest path of a file.
const LINE_MAX: usize = 8 << 10;

/// Start of the header of a file's diff.
const DIFF: &[u8] = b"diff --";

/// Position in the output of `git log -p`, or of `git show`. Before the first commit, and in any other text, it is the
/// number of the line.
#[derive(Default)]
pub struct History {
    lines: Lines,
    commit: Option<String>,
    path: Option<String>,
    /// Path before the commit, for a file that it removed.
    old_path: Option<String>,
    /// True between the line `diff …` and the first hunk.
    in_header: bool,
    /// Number of parents that the current hunk compares with; 0 before the first one of a commit.
    parents: usize,
    /// Start of the current line.
    line: Vec<u8>,
}

impl Track for History {
    fn advance(&mut self, mut bytes: &[u8]) {
        self.lines.advance(bytes);
        while let Some(end) = memchr(b'\n', bytes) {
            self.keep(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    fn spot(&self) -> Spot {
        let Some(commit) = self.commit.clone() else {
            return self.lines.spot();
        };
        let starts_with = |start: &[u8]| self.line.starts_with(start);
        // The line of a hunk's range may end with a line of the file.
        let is_name = starts_with(DIFF) || self.in_header && !starts_with(b"@@");
        let parent = match self.in_header || is_name {
            true => None,
            false => self.signs().position(|sign| *sign == b'-'),
        };
        let path = match parent {
            _ if is_name => &None,
            Some(_) => &self.old_path,
            None => &self.path,
        };
        Spot::Commit {
            commit,
            path: path.clone(),
            is_name,
            parent: parent.map(|index| index + 1),
        }
    }
}

impl History {
    /// Iterates over the signs at the start of the current line of a hunk.
    fn signs(&self) -> impl Iterator<Item = &u8> {
        self.line.iter().take(self.parents)
    }

    /// Keeps the start of the current line.
    fn keep(&mut self, bytes: &[u8]) {
        // Of a line of a file, only its signs are needed.
        let room = match self.line.first().or(bytes.first()) {
            Some(b'+' | b'-') if !self.in_header => self.parents.max(1),
            Some(b' ') => self.parents.max(1),
            _ => LINE_MAX,
        };
        let kept = bytes.len().min(room.saturating_sub(self.line.len()));
        self.line.extend_from_slice(&bytes[..kept]);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if let Some(commit) = line.strip_prefix(b"commit ").and_then(hash) {
            self.commit = Some(commit);
            self.path = None;
            self.old_path = None;
            self.in_header = false;
            self.parents = 0;
        } else if line.starts_with(DIFF) {
            self.in_header = true;
            self.path = None;
            self.old_path = None;
        } else if self.in_header {
            if line.starts_with(b"@@") {
                self.in_header = false;
                // One more than there are parents.
                let signs = line.iter().take_while(|byte| **byte == b'@');
                self.parents = signs.count() - 1;
            } else if let Some(path) = line.strip_prefix(b"--- ") {
                self.old_path = path_of(path);
            } else if let Some(path) = line.strip_prefix(b"+++ ") {
                self.path = path_of(path);
            }
        }
        // Its memory is used again.
        self.line = line;
        self.line.clear();
    }
}

/// Returns the hash with which the text begins: SHA-1 or SHA-256, in hexadecimal.
fn hash(text: &[u8]) -> Option<String> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_hexdigit())
        .unwrap_or(text.len());
    let hash = [40, 64].contains(&end).then_some(&text[..end])?;
    Some(String::from_utf8_lossy(hash).into_owned())
}

/// Returns the path in a line `--- a/PATH` or `+++ b/PATH`; `None` for `/dev/null`.
fn path_of(text: &[u8]) -> Option<String> {
    // git puts a tab behind a path with a blank in it.
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let text = text.strip_suffix(b"\t").unwrap_or(text);
    if text == b"/dev/null" {
        return None;
    }
    let text = String::from_utf8_lossy(text);
    let unquoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(&text);
    // a/ and b/ by default; with diff.mnemonicPrefix also the index, the work tree, a commit and an object.
    let path = match unquoted.as_bytes() {
        [b'a' | b'b' | b'c' | b'i' | b'o' | b'w', b'/', ..] => &unquoted[2..],
        _ => unquoted,
    };
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: &str = "\
commit 1111111111111111111111111111111111111111 (HEAD -> main)
Author: nobody <nobody@localhost>

    A message with MESSAGE
    commit 9999999999999999999999999999999999999999

diff --git a/src/deploy.env b/src/deploy.env
index e69de29..4b5fa63 100644
--- a/src/deploy.env
+++ b/src/deploy.env
@@ -1,2 +1,3 @@
 CONTEXT
+ADDED
--- a/not/a/path REMOVED
+++ b/not/a/path PLUSSES
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-GONE

commit 2222222222222222222222222222222222222222
diff --git \"a/p\\303\\244th\" \"b/p\\303\\244th\"
new file mode 100644
--- /dev/null
+++ \"b/p\\303\\244th\"
@@ -0,0 +1 @@
+NEW

commit 3333333333333333333333333333333333333333
Merge: 1111111 2222222

    -INDENTED

diff --combined src/deploy.env
index 4b5fa63,e69de29..4b5fa64
--- a/src/deploy.env
+++ b/src/deploy.env
@@@ -1,2 -1,2 +1,3 @@@
  BOTH
- FIRST
 -SECOND
--EACH
++MERGED
+ -MINUS
";

    /// Spot of the first byte of `word`, with the text in pieces of `size`.
    fn spot(text: &str, word: &str, size: usize) -> Spot {
        let mut history = History::default();
        let before = text.split(word).next().unwrap();
        for piece in before.as_bytes().chunks(size) {
            history.advance(piece);
        }
        history.spot()
    }

    fn commit(digit: &str, path: Option<&str>, parent: Option<usize>) -> Spot {
        Spot::Commit {
            commit: digit.repeat(40),
            path: path.map(str::to_owned),
            is_name: false,
            parent,
        }
    }

    proptest! {
        #[test]
        fn the_commit_and_the_path_are_known_in_pieces_of_any_size(size in 1_usize..100) {
            let spot = |word| spot(LOG, word, size);
            prop_assert_eq!(spot("MESSAGE"), commit("1", None, None));
            for word in ["CONTEXT", "ADDED", "PLUSSES"] {
                prop_assert_eq!(spot(word), commit("1", Some("src/deploy.env"), None));
            }
            prop_assert_eq!(spot("REMOVED"), commit("1", Some("src/deploy.env"), Some(1)));
            prop_assert_eq!(spot("GONE"), commit("1", Some("gone"), Some(1)));
            prop_assert_eq!(spot("NEW"), commit("2", Some("p\\303\\244th"), None));
            prop_assert_eq!(spot("INDENTED"), commit("3", None, None));
            for (word, parent) in [
                ("BOTH", None),
                ("FIRST", Some(1)),
                ("SECOND", Some(2)),
                ("EACH", Some(1)),
                ("MERGED", None),
                ("MINUS", None),
            ] {
                prop_assert_eq!(spot(word), commit("3", Some("src/deploy.env"), parent));
            }
        }

        #[test]
        fn any_text_is_taken(pieces in proptest::collection::vec(
            "commit [0-9a-f]{38,42}\n|diff --git a b\n|--- |\\+\\+\\+ |@@|\n|\"|\\PC{0,9}", 0..20,
        )) {
            let mut history = History::default();
            for piece in pieces {
                history.advance(piece.as_bytes());
                history.spot();
            }
        }
    }

    #[test]
    fn the_header_of_a_diff_has_the_names_of_files() {
        let named = Spot::Commit {
            commit: "2".repeat(40),
            path: None,
            is_name: true,
            parent: None,
        };
        let log = LOG.split_once("commit 2").unwrap().1;
        let spot = |word| spot(&format!("commit 2{log}"), word, 9);
        for word in ["a/p", "new file", "+++"] {
            assert_eq!(spot(word), named, "{word}");
        }
        // A line of the file may stand there.
        assert_eq!(spot("-0,0"), commit("2", Some("p\\303\\244th"), None));
    }

    #[test]
    fn text_without_commits_has_lines() {
        assert_eq!(spot("a\nb\nhere", "here", 2), Spot::Line(3));
        assert_eq!(spot("commit of a key\nhere", "here", 2), Spot::Line(2));
    }
}
