//! Manual pages: what `clap_mangen` makes of the options, and the sections that it does not know,
//! from the titled blocks under a command's help.

use super::Files;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use std::io;

/// The titles of the blocks under a help text, and what their sections are called.
const SECTIONS: [(&str, &str); 4] = [
    ("Exit codes:", "EXIT STATUS"),
    ("Environment:", "ENVIRONMENT"),
    ("Files:", "FILES"),
    ("Examples:", "EXAMPLES"),
];

/// The page of the program and of each of its commands, by file name.
pub fn pages() -> Files {
    let mut root = keyctl::command()
        .disable_help_subcommand(true)
        .subcommand_help_heading("COMMANDS");
    root.build();
    std::iter::once(&root)
        .chain(root.get_subcommands())
        .map(|command| (format!("{}.1", page_name(command)), page(&root, command)))
        .collect()
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
        // An empty argument has to be written as one, or the next would take its place.
        .date("\"\"")
        .source(format!("keyctl {version}"))
        .manual("keyctl manual");
    let mut page = Page::default();
    page.add(|out| man.render_title(out));
    page.add(|out| man.render_name_section(out));
    page.add(|out| synopsis(command).to_writer(out));
    page.add(|out| description(command).to_writer(out));
    page.add(|out| man.render_options_section(out));
    if command.get_name() == root.get_name() {
        page.add(|out| man.render_subcommands_section(out));
    } else if command.has_subcommands() {
        page.text.push_str(".SH COMMANDS\n");
        for nested in command.get_subcommands() {
            page.nested(nested);
        }
    }
    let (own, common) = (blocks(command), blocks(root));
    for (title, section) in SECTIONS {
        let block = own
            .iter()
            .chain(&common)
            .find(|block| block.title == title)
            .unwrap_or_else(|| panic!("{} has nothing under {title}", page_name(command)));
        page.add(|out| block.section(section).to_writer(out));
    }
    page.add(|out| see_also(root, command).to_writer(out));
    // The empty line that clap_mangen puts before possible values, as roff writes one.
    page.text.replace(".br\n\n.br\n", ".sp\n")
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
        let mut options = Page::default();
        options.add(|out| Man::new(own).render_options_section(out));
        let sections = options.text.split_once(".SH OPTIONS\n").unwrap().1;
        self.text.push_str(sections.split(".SH ").next().unwrap());
    }
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
                SECTIONS.iter().any(|(known, _)| *known == title),
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
