//! Manual pages: what `clap_mangen` makes of the options, and the sections that it does not know,
//! from the titled blocks under a command's help.
//!
//! A page has its examples right behind the description: it is read from the top, and most readers look for a line to
//! copy. `--help` has them at its end, which is what stays on the screen.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use keyctl::called::Called;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

/// When the texts were last gone through, from end to end.
const DATE: &str = "2026-11-29";

/// Pages by file name.
pub type Pages = BTreeMap<String, String>;

/// Title of a block under a help text, and the name of its section.
type Titled = (&'static str, &'static str);

/// The block that only the program's own help has, before the examples.
const QUICK_START: Titled = ("Quick start:", "QUICK START");

const EXAMPLES: Titled = ("Examples:", "EXAMPLES");

/// The blocks that only the program's own help has, up to the commands.
const STORY: [Titled; 2] = [("Verdicts:", "VERDICTS"), ("Store:", "STORE")];

/// The blocks that only the program's own help has, after the commands.
const WORDS: [Titled; 3] = [
    ("States:", "STATES"),
    ("Arguments:", "ARGUMENTS"),
    ("Token:", "TOKEN"),
];

/// The blocks that end every page.
const LAST: [Titled; 3] = [
    ("Exit codes:", "EXIT STATUS"),
    ("Environment:", "ENVIRONMENT"),
    ("Files:", "FILES"),
];

/// The blocks to which each page adds what is in the program's own help.
const COMMON: [&str; 2] = ["Environment:", "Files:"];

/// The page of the program, installed under `name`, and of each of its commands.
pub fn pages(name: &str) -> Pages {
    let called = Called::by(&[OsString::from(name)]);
    let mut root = renamed(keyctl::command(), &called)
        .name(name.to_owned())
        .disable_help_subcommand(true);
    root.build();
    std::iter::once(&root)
        .chain(root.get_subcommands())
        .map(|command| (format!("{}.1", page_name(command)), page(&root, command)))
        .collect()
}

/// `command` with texts for those who call it so.
fn renamed(command: Command, called: &Called) -> Command {
    let told = |text: &dyn ToString| keyctl::as_called(called, &text.to_string()).into_owned();
    let mut renamed = command.clone();
    if let Some(text) = command.get_about() {
        renamed = renamed.about(told(text));
    }
    if let Some(text) = command.get_long_about() {
        renamed = renamed.long_about(told(text));
    }
    if let Some(text) = command.get_after_help() {
        renamed = renamed.after_help(told(text));
    }
    if let Some(text) = command.get_after_long_help() {
        renamed = renamed.after_long_help(told(text));
    }
    renamed.mut_subcommands(|command| self::renamed(command, called))
}

fn page_name(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

fn page(root: &Command, command: &Command) -> String {
    let version = root.get_version().unwrap_or_default();
    let man = Man::new(command.clone())
        .title(page_name(command).to_uppercase())
        .date(DATE)
        .source(format!("{} {version}", root.get_name()))
        .manual("keyctl manual");
    let mut page = Page::default();
    page.add(|out| man.render_title(out));
    page.add(|out| man.render_name_section(out));
    page.add(|out| synopsis(command).to_writer(out));
    page.add(|out| description(command).to_writer(out));
    let is_root = command.get_name() == root.get_name();
    let (mut own, common) = (blocks(command), blocks(root));
    if !is_root {
        for nested in command.get_subcommands().flat_map(blocks) {
            add(&mut own, nested);
        }
    }
    if is_root {
        page.block(&own, QUICK_START);
    } else {
        add_common(&mut own, common);
    }
    page.block(&own, EXAMPLES);
    if is_root {
        for titled in STORY {
            page.block(&own, titled);
        }
        page.add(|out| commands(root).to_writer(out));
        for titled in WORDS {
            page.block(&own, titled);
        }
    }
    page.text.push_str(&options(command));
    if !is_root && command.has_subcommands() {
        page.text.push_str(".SH COMMANDS\n");
        for nested in command.get_subcommands() {
            page.nested(nested);
        }
    }
    for titled in LAST {
        page.block(&own, titled);
    }
    page.add(|out| see_also(root, command).to_writer(out));
    folded(&possible_values(&page.text))
}

/// `page` with possible values under the text of their option, without empty lines between them; those that need no
/// explanation as a sentence.
fn possible_values(page: &str) -> String {
    let (begin, end) = (
        ".br\n\n.br\n\\fIPossible values:\\fR\n.RS 14\n.IP \\(bu 2\n",
        ".RE\n",
    );
    let mut parts = page.split(begin);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (values, rest) = part.split_once(end).unwrap();
        let values: Vec<&str> = values.trim_end().split("\n.IP \\(bu 2\n").collect();
        if values.iter().any(|value| value.contains(": ")) {
            text.push_str(".RS 7\n.PD 0\n");
            for value in values {
                text.push_str(&format!(".IP \\(bu 2\n{value}\n"));
            }
            text.push_str(".RE\n.PD\n");
        } else {
            text.push_str(&format!(".br\nPossible values: {}.\n", values.join(", ")));
        }
        text.push_str(rest);
    }
    text
}

/// The most bytes in a line of text: roff's authors break longer ones.
const LINE_MAX: usize = 80;

/// `page` with its long lines of text broken at blanks, which changes nothing of what is shown: not behind a sentence,
/// since roff shows two blanks there. Left as they are: requests, what is not filled, and the line behind `.TP`, all of
/// which is the tag.
fn folded(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let (mut is_filled, mut is_tag) = (true, false);
    for line in page.lines() {
        let is_request = line.starts_with(['.', '\'']);
        if is_request || !is_filled || is_tag {
            text.push_str(line);
        } else {
            fold(line, &mut text);
        }
        text.push('\n');
        is_tag = line.starts_with(".TP");
        is_filled = (is_filled || line == ".fi") && line != ".nf";
    }
    text
}

fn fold(line: &str, text: &mut String) {
    let mut width = 0;
    for part in parts(line) {
        let length = input_length(&part);
        if width > 0 && width + 1 + length > LINE_MAX {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(&part);
        width += length;
    }
}

/// The words of `line`, each with those before which there may be no line break.
fn parts(line: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in line.split(' ') {
        // At the start of a line, these would begin a request.
        let is_request = word.starts_with(['.', '\'']) || word.is_empty();
        match parts.last_mut() {
            Some(part) if is_request || ends_sentence(part) => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

fn ends_sentence(part: &str) -> bool {
    let end = part.trim_end_matches(r"\*(Aq").trim_end_matches(')');
    end.ends_with(['.', '!', '?'])
}

/// The bytes that `word` has once mandoc has written what is not ASCII as `\[u2026]`.
fn input_length(word: &str) -> usize {
    word.chars()
        .map(|c| if c.is_ascii() { 1 } else { r"\[u0000]".len() })
        .sum()
}

/// A page as it grows.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Adds a section, without the preamble that each comes with, but for the first.
    fn add(&mut self, render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
        let mut section = Vec::new();
        render(&mut section).unwrap();
        let section = String::from_utf8(section).unwrap();
        let preamble = Roff::new().render();
        let section = if self.text.is_empty() {
            &section
        } else {
            section.strip_prefix(&preamble).unwrap()
        };
        for line in section.lines() {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

impl Page {
    /// Adds as a section the block of `blocks` that has this title.
    fn block(&mut self, blocks: &[Block], (title, section): (&str, &str)) {
        let block = blocks.iter().find(|block| block.title == title);
        let block = block.unwrap_or_else(|| panic!("nothing stands under {title}"));
        self.add(|out| block.section(section).to_writer(out));
    }

    /// Adds a command of a command: it has no page of its own.
    fn nested(&mut self, command: &Command) {
        let name = command.get_bin_name().unwrap();
        self.add(|out| Roff::new().control("SS", [name]).to_writer(out));
        self.add(|out| usage(command).to_writer(out));
        let mut about = Roff::new();
        about.control("PP", []);
        about.text([roman(sentence(&command.get_about().unwrap().to_string()))]);
        self.add(|out| about.to_writer(out));
        // Its own options only: the global ones and --help stand on the page already.
        let own = command.clone().mut_arg("help", |help| help.hide(true));
        let sections = options(&own).replace(".SH ARGUMENTS\n", "");
        let sections = sections.replacen(".SH OPTIONS\n", "", 1);
        self.text.push_str(sections.split(".SH ").next().unwrap());
    }
}

/// The section of options, and before it one of the arguments that stand on the line by their place,
/// which clap_mangen puts at its end.
fn options(command: &Command) -> String {
    let mut page = Page::default();
    page.add(|out| Man::new(command.clone()).render_options_section(out));
    let (_, section) = page.text.split_once(".SH OPTIONS\n").unwrap();
    let (own, global) = section.split_at(section.find(".SH ").unwrap_or(section.len()));
    let entries = own
        .split_inclusive('\n')
        .fold(Vec::new(), |mut entries, line| {
            if line == ".TP\n" {
                entries.push(String::new());
            }
            let entry: &mut String = entries.last_mut().unwrap();
            entry.push_str(line);
            entries
        });
    let is_argument = |entry: &&String| entry.starts_with(".TP\n<") || entry.starts_with(".TP\n[");
    let (arguments, options): (Vec<&String>, Vec<&String>) = entries.iter().partition(is_argument);
    let titled = |title: &str, entries: Vec<&String>| match entries.is_empty() {
        true => String::new(),
        false => format!(
            ".SH {title}\n{}",
            entries.into_iter().map(String::as_str).collect::<String>()
        ),
    };
    titled("ARGUMENTS", arguments) + &titled("OPTIONS", options) + global
}

/// The commands, in their groups.
fn commands(root: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    let names = root
        .get_subcommands()
        .map(|command| page_name(command).len());
    let width = (names.max().unwrap() + "(1)  ".len()).to_string();
    for (title, names) in keyctl::GROUPS {
        roff.control("SS", [title]);
        roff.control("PD", ["0"]);
        for name in names {
            let command = root.find_subcommand(name).unwrap();
            roff.control("TP", [width.as_str()]);
            roff.text([bold(page_name(command)), roman("(1)")]);
            roff.text([roman(sentence(&command.get_about().unwrap().to_string()))]);
        }
        roff.control("PD", []);
    }
    roff
}

/// The usage line: what is written as it stands in bold, what stands for something else in italics.
fn synopsis(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).extend([usage(command)]);
    roff
}

fn usage(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let rest = usage.strip_prefix(name).unwrap();
    let mut line = vec![bold(name)];
    for word in rest.split_whitespace() {
        line.push(roman(" "));
        line.push(if word.starts_with('-') {
            bold(word)
        } else {
            italic(word)
        });
    }
    let mut roff = Roff::new();
    roff.text(line);
    roff
}

/// The long description, a paragraph each; its first is the short one, which is the name's, too.
fn description(command: &Command) -> Roff {
    let short = command.get_about().unwrap().to_string();
    let long = command.get_long_about().map(ToString::to_string);
    let rest = long
        .as_deref()
        .and_then(|long| long.strip_prefix(&short))
        .map(|rest| rest.trim_start_matches('.').trim_start())
        .filter(|rest| !rest.is_empty());
    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    for (index, paragraph) in rest.unwrap_or(&short).split("\n\n").enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(sentence(paragraph))]);
    }
    roff
}

/// `text` with a full stop, which clap takes from the last of a help text's sentences.
fn sentence(text: &str) -> String {
    if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// A titled part of the text under a command's help.
struct Block {
    title: String,
    lines: Vec<String>,
}

/// The blocks under a command's help: a title at the margin, its lines indented by two, and an
/// empty line before the next. A line that is indented by more belongs to the one before.
fn blocks(command: &Command) -> Vec<Block> {
    let text = command
        .get_after_long_help()
        .or_else(|| command.get_after_help())
        .unwrap_or_else(|| panic!("{} has nothing under its help", page_name(command)))
        .to_string();
    text.split("\n\n")
        .map(|block| {
            let mut lines = block.lines();
            let title = lines.next().unwrap().to_owned();
            assert!(
                [&[QUICK_START, EXAMPLES][..], &STORY, &WORDS, &LAST]
                    .concat()
                    .iter()
                    .any(|(known, _)| *known == title),
                "no section is known for {title:?} under the help of {}",
                page_name(command)
            );
            let lines = lines.map(|line| line.strip_prefix("  ").unwrap());
            let lines = lines.fold(Vec::new(), |mut entries: Vec<String>, line| {
                match entries.last_mut() {
                    Some(last) if line.starts_with(' ') => {
                        last.push(' ');
                        last.push_str(line.trim_start());
                    }
                    _ => entries.push(line.to_owned()),
                }
                entries
            });
            Block { title, lines }
        })
        .collect()
}

/// Adds to `blocks`, which stand under the help of a command, what is the same for every command.
fn add_common(blocks: &mut Vec<Block>, common: Vec<Block>) {
    for block in common {
        if !COMMON.contains(&block.title.as_str()) {
            continue;
        }
        match blocks.iter_mut().find(|own| own.title == block.title) {
            Some(own) => own.lines.extend(block.lines),
            None => blocks.push(block),
        }
    }
}

/// Adds to `blocks` what stands under the help of a command of the command, and is not there yet.
fn add(blocks: &mut [Block], nested: Block) {
    let same = blocks.iter_mut().find(|block| block.title == nested.title);
    let Some(block) = same else {
        panic!(
            "nothing stands under {} of the command itself",
            nested.title
        );
    };
    for line in nested.lines {
        if !block.lines.contains(&line) {
            block.lines.push(line);
        }
    }
}

impl Block {
    fn section(&self, title: &str) -> Roff {
        let mut roff = Roff::new();
        roff.control("SH", [title]);
        let words = self.lines.iter().filter_map(|line| line.split_once("  "));
        let longest = words.map(|(word, _)| word.len()).max().unwrap_or_default();
        for (index, line) in self.lines.iter().enumerate() {
            if line.starts_with("$ ") {
                example(&mut roff, index == 0, line);
            } else {
                entry(&mut roff, longest, line);
            }
        }
        roff
    }
}

/// A command to type, in a paragraph of its own that is not filled.
fn example(roff: &mut Roff, first: bool, line: &str) {
    if !first {
        roff.control("PP", []);
    }
    roff.control("nf", []);
    roff.text([Inline::Roman(line.to_owned())]);
    roff.control("fi", []);
}

/// The longest words that stand on one line with their meaning.
const WORD_MAX: usize = 16;

/// A word, two blanks or more, and what it means. `longest` is the length of the longest word of the section.
fn entry(roff: &mut Roff, longest: usize, line: &str) {
    let (word, meaning) = line
        .split_once("  ")
        .unwrap_or_else(|| panic!("no two blanks after the first word: {line:?}"));
    if longest <= WORD_MAX {
        roff.control("TP", [(longest + 2).to_string().as_str()]);
    } else {
        roff.control("TP", []);
    }
    roff.text([bold(word)]);
    roff.text([roman(meaning.trim_start())]);
}

/// The other pages.
fn see_also(root: &Command, command: &Command) -> Roff {
    let mut line = Vec::new();
    for other in std::iter::once(root).chain(root.get_subcommands()) {
        if page_name(other) == page_name(command) {
            continue;
        }
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.push(bold(page_name(other)));
        line.push(roman("(1)"));
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text(line);
    roff
}
