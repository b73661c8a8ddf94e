//! Manual pages: what `clap_mangen` makes of the options, and the sections that it does not know,
//! from the titled blocks under a command's help.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use keyctl::called::Called;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

/// When the texts were last gone through, from end to end.
const DATE: &str = "2026-11-22";

/// Pages by file name.
pub type Pages = BTreeMap<String, String>;

/// The titles of the blocks under the program's own help, and what their sections are called.
const STORY: [(&str, &str); 3] = [
    ("Quick start:", "QUICK START"),
    ("States:", "STATES"),
    ("Token:", "TOKEN"),
];

/// The titles of the blocks under every help text, and what their sections are called.
const SECTIONS: [(&str, &str); 4] = [
    ("Exit codes:", "EXIT STATUS"),
    ("Environment:", "ENVIRONMENT"),
    ("Files:", "FILES"),
    ("Examples:", "EXAMPLES"),
];

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
    let mut story = STORY.iter().filter(|_| is_root);
    if let Some(quick_start) = story.next() {
        page.block(&own, *quick_start);
    }
    page.text.push_str(&options(command));
    if is_root {
        page.add(|out| commands(root).to_writer(out));
    } else if command.has_subcommands() {
        page.text.push_str(".SH COMMANDS\n");
        for nested in command.get_subcommands() {
            page.nested(nested);
        }
    }
    for section in story {
        page.block(&own, *section);
    }
    for (title, section) in SECTIONS {
        let has = own.iter().any(|block| block.title == title);
        page.block(if has { &own } else { &common }, (title, section));
    }
    page.add(|out| see_also(root, command).to_writer(out));
    // The empty line that clap_mangen puts before possible values, as roff writes one.
    folded(&page.text.replace(".br\n\n.br\n", ".sp\n"))
}

/// The most bytes in a line of text: roff's authors break longer ones.
const LINE_MAX: usize = 80;

/// `page` with its long lines of text broken at blanks, which changes nothing of what is shown. Left as
/// they are: requests, what is not filled, and the line behind `.TP`, all of which is the tag.
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
        is_tag = line == ".TP";
        is_filled = (is_filled || line == ".fi") && line != ".nf";
    }
    text
}

fn fold(line: &str, text: &mut String) {
    let mut width = 0;
    for word in line.split(' ') {
        // At the start of a line, these would begin a request.
        let is_safe = !word.starts_with(['.', '\'']) && !word.is_empty();
        let length = input_length(word);
        if width > 0 && width + 1 + length > LINE_MAX && is_safe {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
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
    for (title, names) in keyctl::GROUPS {
        roff.control("SS", [title]);
        for name in names {
            let command = root.find_subcommand(name).unwrap();
            roff.control("TP", []);
            roff.text([bold(page_name(command)), roman("(1)")]);
            roff.text([roman(sentence(&command.get_about().unwrap().to_string()))]);
        }
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
/// empty line before the next.
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
                STORY
                    .iter()
                    .chain(&SECTIONS)
                    .any(|(known, _)| *known == title),
                "no section is known for {title:?} under the help of {}",
                page_name(command)
            );
            let lines = lines
                .map(|line| line.strip_prefix("  ").unwrap().to_owned())
                .collect();
            Block { title, lines }
        })
        .collect()
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
        for (index, line) in self.lines.iter().enumerate() {
            if line.starts_with("$ ") {
                example(&mut roff, index == 0, line);
            } else {
                entry(&mut roff, line);
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

/// A word, two blanks or more, and what it means.
fn entry(roff: &mut Roff, line: &str) {
    let (word, meaning) = line
        .split_once("  ")
        .unwrap_or_else(|| panic!("no two blanks after the first word: {line:?}"));
    roff.control("TP", []);
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
