//! The modules of a tree of source files, and which of them import which.

use super::words;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the library's root; a module's is its path, as `store::sqlite`.
pub const ROOT: &str = "lib";

/// A path as it is written: `crate::error::Result` has three parts.
type Path<'a> = Vec<&'a str>;

/// A source file.
struct Source<'a> {
    /// Words of the code, without `use` declarations.
    words: Vec<&'a str>,
    /// Paths in `use` declarations, and whether they are exported.
    uses: Vec<(Path<'a>, bool)>,
}

/// A tree of source files.
pub struct Tree<'a> {
    sources: BTreeMap<&'a str, Source<'a>>,
}

impl<'a> Tree<'a> {
    /// Reads the files with these modules' names and texts.
    pub fn read(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sources = BTreeMap::new();
        let mut for_tests = BTreeSet::new();
        for (module, text) in files {
            let (mut words, tests) = words::read(text);
            for_tests.extend(
                tests
                    .iter()
                    .map(|name| join(&[parts(module), vec![*name]].concat())),
            );
            let uses = take_uses(&mut words);
            sources.insert(module, Source { words, uses });
        }
        sources.retain(|module, _| !for_tests.contains(*module));
        Tree { sources }
    }

    /// The names of the modules.
    pub fn modules(&self) -> impl Iterator<Item = &'a str> {
        self.sources.keys().copied()
    }

    /// Tells whether the code of `module` has `word` in it.
    pub fn names(&self, module: &str, word: &str) -> bool {
        let source = self.sources.get(module);
        source.is_some_and(|source| source.words.contains(&word))
            || self
                .paths(module)
                .iter()
                .any(|path| path.split("::").any(|part| part == word))
    }

    /// The paths that `module` names: those in its `use` declarations, and those in its code.
    pub fn paths(&self, module: &str) -> Vec<String> {
        let Some(source) = self.sources.get(module) else {
            return Vec::new();
        };
        let uses = source.uses.iter().map(|(path, _)| path.clone());
        uses.chain(written(&source.words))
            .map(|path| path.join("::"))
            .collect()
    }

    /// The modules that each module imports from, where it does not only export what is its child's.
    pub fn edges(&self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut edges = BTreeMap::new();
        for (&module, source) in &self.sources {
            let uses = source
                .uses
                .iter()
                .filter(|(path, is_exported)| !(*is_exported && self.is_below(module, path)));
            let uses = uses.map(|(path, _)| path.clone());
            let paths = uses.chain(written(&source.words));
            let to = paths.filter_map(|path| self.resolve(&self.absolute(module, &path)?, 0));
            edges.insert(module, to.filter(|to| *to != module).collect());
        }
        edges
    }

    fn is_below(&self, module: &str, path: &[&str]) -> bool {
        let absolute = self.absolute(module, path).unwrap_or_default();
        absolute.len() > parts(module).len() && absolute.starts_with(&parts(module))
    }

    /// The path from the crate's root; `None` where `path` leads to another crate, or to a name that
    /// is imported.
    fn absolute<'p>(&self, module: &'p str, path: &[&'p str]) -> Option<Path<'p>> {
        let mut base = parts(module);
        let (first, rest) = path.split_first()?;
        match *first {
            "crate" | "keyctl" => Some(rest.to_vec()),
            "self" => Some([&base[..], rest].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| **part == "super").count();
                base.truncate(base.len().saturating_sub(ups));
                Some([&base[..], &path[ups..]].concat())
            }
            child => {
                base.push(child);
                let is_child = self.sources.contains_key(&*join(&base));
                is_child.then(|| [&base[..], rest].concat())
            }
        }
    }

    /// The module that has the item at `path`, or that the module there has it from.
    fn resolve(&self, path: &[&str], depth: usize) -> Option<&'a str> {
        let ends = (0..=path.len()).rev();
        let (module, rest) = ends
            .map(|end| (join(&path[..end]), &path[end..]))
            .find(|(module, _)| self.sources.contains_key(&**module))?;
        let (module, source) = self.sources.get_key_value(&*module)?;
        let exported = rest.first().and_then(|item| {
            let mut exports = source.uses.iter().filter(|(_, is_exported)| *is_exported);
            exports.find(|(path, _)| path.last() == Some(item))
        });
        match exported {
            Some((exported, _)) if depth < 8 => {
                let exported = self.absolute(module, exported)?;
                self.resolve(&[&exported[..], &rest[1..]].concat(), depth + 1)
            }
            _ => Some(module),
        }
    }
}

/// The parts of a module's name.
pub fn parts(module: &str) -> Vec<&str> {
    match module {
        ROOT => Vec::new(),
        _ => module.split("::").collect(),
    }
}

fn join(parts: &[&str]) -> String {
    match parts {
        [] => ROOT.to_owned(),
        _ => parts.join("::"),
    }
}

/// The groups of modules that import each other.
pub fn circles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges
        .keys()
        .map(|from| (*from, reached(edges, from)))
        .collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (from, there) in &reached {
        let back = |to: &&&str| reached.get(**to).is_some_and(|back| back.contains(from));
        let circle: Vec<&str> = there.iter().filter(back).copied().collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reached<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut due: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(next) = due.pop() {
        if reached.insert(next) {
            due.extend(edges.get(next).into_iter().flatten());
        }
    }
    reached
}

/// Takes the `use` declarations out of `words`: returns their paths, and whether they are exported.
fn take_uses<'a>(words: &mut Vec<&'a str>) -> Vec<(Path<'a>, bool)> {
    let (mut uses, mut others) = (Vec::new(), Vec::new());
    let mut rest = &words[..];
    while let Some((first, next)) = rest.split_first() {
        rest = next;
        let before = others.last().copied().unwrap_or(";");
        // `use<'a>`, which captures a lifetime, is behind a '+'.
        if *first != "use" || ![";", "{", "}", "]", "pub", ")"].contains(&before) {
            others.push(*first);
            continue;
        }
        let is_exported = ["pub", ")"].contains(&before);
        let paths = tree(&mut rest, &[]);
        uses.extend(paths.into_iter().map(|path| (path, is_exported)));
    }
    *words = others;
    uses
}

/// The paths of a tree that a `use` declaration has, behind `before`.
fn tree<'a>(words: &mut &[&'a str], before: &[&'a str]) -> Vec<Path<'a>> {
    let mut path = before.to_vec();
    let mut all = Vec::new();
    while let Some((first, rest)) = words.split_first() {
        match *first {
            ";" | "," | "}" => break,
            "{" => {
                *words = rest;
                all.extend(branches(words, &path));
                return all;
            }
            "as" => {
                *words = rest.get(1..).unwrap_or_default();
                continue;
            }
            "::" => {}
            "self" if !path.is_empty() => {}
            part => path.push(part),
        }
        *words = rest;
    }
    all.push(path);
    all
}

/// The paths between braces, which have been opened.
fn branches<'a>(words: &mut &[&'a str], before: &[&'a str]) -> Vec<Path<'a>> {
    let mut all = Vec::new();
    while let Some((first, rest)) = words.split_first() {
        match *first {
            "}" => {
                *words = rest;
                break;
            }
            "," => *words = rest,
            _ => all.extend(tree(words, before)),
        }
    }
    all
}

/// The paths of two parts or more that stand in the code.
fn written<'a>(words: &[&'a str]) -> Vec<Path<'a>> {
    let mut paths = Vec::new();
    let mut path: Path<'a> = Vec::new();
    let mut is_joined = false;
    for word in words.iter().chain([&";"]) {
        match *word {
            "::" => is_joined = true,
            part if is_joined && part.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push(part);
                is_joined = false;
            }
            part => {
                let done = std::mem::replace(&mut path, vec![part]);
                paths.extend((done.len() > 1).then_some(done));
                is_joined = false;
            }
        }
    }
    paths
}
