//! `--exec`, the last option of a line: all that follows it is the command to run.
//!
//! To clap it is an option that may be repeated, with one word each time. A word of the command must not count as an
//! option of this program: so the words are joined to their option before anything else reads the line.

use std::ffi::OsString;

/// The option.
pub const EXEC: &str = "--exec";

/// Hint on the place of the option.
pub const HINT: &str =
    "--exec comes last: all that follows it is the command, as in --exec -- gh secret set NAME";

/// Returns `args` with each word after `--exec` as a value of its own: `--exec -- cat -n` becomes
/// `--exec=cat --exec=-n`. Stays as it is after a `--` that comes before.
pub fn join(args: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = begin(&args) else {
        return args;
    };
    let mut joined = args;
    let mut words = joined.split_off(at);
    if words[0] == EXEC {
        let marker = usize::from(words.get(1).is_some_and(|word| word == "--"));
        if words.len() == 1 + marker {
            // No command: clap says so.
            joined.push(EXEC.into());
            return joined;
        }
        words.drain(..1 + marker);
    } else {
        joined.push(words.remove(0));
    }
    joined.extend(words.into_iter().map(|word| {
        let mut value = OsString::from("--exec=");
        value.push(word);
        value
    }));
    joined
}

/// Tells whether a word after `args` belongs to the command.
pub fn has_begun(args: &[OsString]) -> bool {
    begin(args).is_some()
}

/// Position of `--exec` among the arguments.
fn begin(args: &[OsString]) -> Option<usize> {
    let begins = |arg: &OsString| arg == EXEC || arg.as_encoded_bytes().starts_with(b"--exec=");
    let mut options = args.iter().take_while(|arg| *arg != "--");
    options.position(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn joined(line: &str) -> String {
        let args = line.split(' ').map(OsString::from).collect();
        let words: Vec<String> = join(args)
            .into_iter()
            .map(|arg| arg.into_string().unwrap())
            .collect();
        words.join(" ")
    }

    #[test]
    fn each_word_after_exec_is_a_value_of_it() {
        for (line, expected) in [
            (
                "keyctl rotate ci --exec -- gh secret set T",
                "keyctl rotate ci --exec=gh --exec=secret --exec=set --exec=T",
            ),
            (
                "keyctl rotate ci --exec sh -c cat --db x",
                "keyctl rotate ci --exec=sh --exec=-c --exec=cat --exec=--db --exec=x",
            ),
            (
                "keyctl rotate ci --exec=cat -n",
                "keyctl rotate ci --exec=cat --exec=-n",
            ),
            (
                "keyctl rotate ci --exec env -- x",
                "keyctl rotate ci --exec=env --exec=-- --exec=x",
            ),
            (
                "keyctl rotate ci --exec -- -- x",
                "keyctl rotate ci --exec=-- --exec=x",
            ),
            (
                "keyctl rotate ci --exec x --exec y",
                "keyctl rotate ci --exec=x --exec=--exec --exec=y",
            ),
            ("keyctl rotate ci --exec", "keyctl rotate ci --exec"),
            ("keyctl rotate ci --exec --", "keyctl rotate ci --exec"),
            ("keyctl rotate -- --exec x", "keyctl rotate -- --exec x"),
            (
                "keyctl rotate ci --exec-timeout 1m",
                "keyctl rotate ci --exec-timeout 1m",
            ),
        ] {
            assert_eq!(joined(line), expected);
        }
    }

    #[test]
    fn a_word_that_is_not_utf_8_stays_as_it_is() {
        let odd = || OsString::from_vec(vec![b'a', 0xff]);
        let args = vec!["keyctl".into(), "--exec".into(), odd()];
        let mut expected = OsString::from("--exec=");
        expected.push(odd());
        assert_eq!(join(args), ["keyctl".into(), expected]);
    }
}
