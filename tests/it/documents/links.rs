//! The links of every page: each leads to a file of the tree, and to a heading of that file if it has
//! an anchor. Links to the web are not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// The directories that have pages, with all that is in them.
const DIRECTORIES: [&str; 2] = ["docs", "fuzz"];

/// The beginnings of a link's target: Markdown's own, and those of HTML.
const STARTS: [(&str, char); 4] = [
    ("](", ')'),
    (" href=\"", '"'),
    (" src=\"", '"'),
    (" srcset=\"", '"'),
];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The paths of all pages below `root`.
pub fn pages(root: &Path) -> Vec<PathBuf> {
    let mut pages = markdown_in(root, false);
    for directory in DIRECTORIES {
        pages.extend(markdown_in(&root.join(directory), true));
    }
    pages.sort();
    pages
}

/// The Markdown files of a directory, and of those in it if it is searched `deep`.
fn markdown_in(directory: &Path, deep: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = entries
        .map(|entry| entry.unwrap().path())
        .partition(|path| path.is_dir());
    let mut pages: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    if deep {
        pages.extend(directories.iter().flat_map(|path| markdown_in(path, true)));
    }
    pages
}

/// The text of a page without its fenced blocks, which hold no links and no headings.
pub fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The targets of a page's links, those on the web left out.
pub fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    let mut found = Vec::new();
    for (start, end) in STARTS {
        for rest in prose.split(start).skip(1) {
            let (target, _) = rest.split_once(end).unwrap_or((rest, ""));
            if !target.starts_with("https://") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    prose(text)
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .map(|name| {
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            match *count {
                1 => name,
                count => format!("{name}-{}", count - 1),
            }
        })
        .collect()
}

/// The anchor of the first heading with this title.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// A path with its `..` taken out; `None` if it leads out of the tree.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir if plain.pop() => {}
            Component::ParentDir => return None,
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// The path in the tree, and the anchor, that a link on `page` leads to.
fn resolved(page: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    let (to, anchor) = match link.split_once('#') {
        Some((to, anchor)) => (to, Some(anchor.to_owned())),
        None => (link, None),
    };
    match to {
        "" => Some((page.to_owned(), anchor)),
        to => Some((plain(&page.parent()?.join(to))?, anchor)),
    }
}

/// Messages about the links below `root` that lead nowhere.
fn broken(root: &Path) -> Vec<String> {
    let mut broken = Vec::new();
    for path in pages(root) {
        let page = path.strip_prefix(root).unwrap();
        for link in targets(&fs::read_to_string(&path).unwrap()) {
            if let Some(why) = fault(root, page, &link) {
                broken.push(format!("{}: {link}: {why}", page.display()));
            }
        }
    }
    broken
}

/// The fault of a link on `page`, if it has one.
fn fault(root: &Path, page: &Path, link: &str) -> Option<&'static str> {
    let Some((target, anchor)) = resolved(page, link) else {
        return Some("leads out of the tree");
    };
    let target = root.join(target);
    if !target.exists() {
        return Some("no such file");
    }
    let anchor = anchor?;
    let there = anchors(&fs::read_to_string(target).unwrap_or_default());
    (!there.contains(&anchor)).then_some("no such heading")
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    assert_eq!(broken(root()), Vec::<String>::new());
}

/// The pages in `docs` to which no way of links leads from the README.
fn unreached(root: &Path) -> Vec<PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open = vec![PathBuf::from("README.md")];
    while let Some(page) = open.pop() {
        if page.extension().is_none_or(|end| end != "md") || !reached.insert(page.clone()) {
            continue;
        }
        let text = fs::read_to_string(root.join(&page)).unwrap_or_default();
        let linked = targets(&text)
            .into_iter()
            .filter_map(|link| resolved(&page, &link));
        open.extend(linked.map(|(target, _)| target));
    }
    pages(root)
        .iter()
        .map(|path| path.strip_prefix(root).unwrap().to_owned())
        .filter(|page| page.starts_with("docs") && !reached.contains(page))
        .collect()
}

#[test]
fn a_way_of_links_leads_from_the_readme_to_every_page() {
    assert_eq!(unreached(root()), Vec::<PathBuf>::new());
}

#[test]
fn a_page_to_which_only_itself_or_an_unreached_page_links_is_named() {
    let dir = tree("[a](page.md) [b](other.md)\n");
    let write = |page: &str, text: &str| fs::write(dir.path().join(page), text).unwrap();
    write("docs/a/other.md", "");
    write("README.md", "```\n[a](docs/a/page.md)\n```\n[b](docs/a)");
    let both = ["docs/a/other.md", "docs/a/page.md"].map(PathBuf::from);
    assert_eq!(unreached(dir.path()), both);
    write("README.md", "[a](docs/a/page.md#b)\n");
    assert_eq!(unreached(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn every_page_of_the_guide_is_in_its_index() {
    let index = root().join("docs/guide/README.md");
    let links = targets(&fs::read_to_string(&index).unwrap());
    let mut listed: Vec<&str> = links
        .iter()
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|page| !page.contains('/'))
        .collect();
    listed.sort_unstable();
    listed.dedup();
    let others = markdown_in(index.parent().unwrap(), false);
    let mut pages: Vec<&str> = others
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .filter(|name| *name != "README.md")
        .collect();
    pages.sort_unstable();
    assert_eq!(listed, pages);
}

/// A tree with `text` in `docs/a/page.md`, and a page to link to.
fn tree(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for directory in ["docs/a", "fuzz"] {
        fs::create_dir_all(dir.path().join(directory)).unwrap();
    }
    let other = "# Two words, *and* `code`\n## Again\n```sh\n# no heading\n```\n## Again\n";
    fs::write(dir.path().join("OTHER.md"), other).unwrap();
    fs::write(dir.path().join("docs/a/page.md"), text).unwrap();
    dir
}

#[test]
fn a_link_to_no_file_and_one_to_no_heading_are_named() {
    let good = "# Here\n[a](../../OTHER.md#two-words-and-code) [b](#here) [c](https://a.b/#c)\n\
         [d](../../OTHER.md#again-1) <img src=\"page.md\">\n```\n[e](nothing)\n```\n";
    assert_eq!(broken(tree(good).path()), Vec::<String>::new());
    for (link, why) in [
        ("[a](../OTHER.md)", "../OTHER.md: no such file"),
        ("<img src=\"a.svg\">", "a.svg: no such file"),
        ("[a](#there)", "#there: no such heading"),
        (
            "[two\nlines](../../OTHER.md#again-2)",
            "../../OTHER.md#again-2: no such heading",
        ),
        (
            "[a](../../OTHER.md#no-heading)",
            "../../OTHER.md#no-heading: no such heading",
        ),
        ("[a](../../../b)", "../../../b: leads out of the tree"),
    ] {
        let found = broken(tree(&format!("{good}{link}\n")).path());
        assert_eq!(found, [format!("docs/a/page.md: {why}")]);
    }
}

/// The paths of the tree that the Debian package has in its documentation, with `*` for any name.
pub fn packaged() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lines = manifest.lines().map(str::trim);
    let documents = lines.filter(|line| line.contains("\"usr/share/doc/"));
    let packaged: Vec<String> = documents
        .map(|line| line.split('"').nth(1).unwrap().to_owned())
        .collect();
    assert!(packaged.contains(&"README.md".to_owned()), "{packaged:?}");
    packaged
}

/// Whether `path` is one that `pattern` stands for.
pub fn fits(pattern: &str, path: &Path) -> bool {
    let names: Vec<&str> = path.iter().map(|name| name.to_str().unwrap()).collect();
    let patterns: Vec<&str> = pattern.split('/').collect();
    names.len() == patterns.len()
        && patterns
            .iter()
            .zip(names)
            .all(|(pattern, name)| match pattern.split_once('*') {
                Some((start, end)) => name.starts_with(start) && name.ends_with(end),
                None => *pattern == name,
            })
}

#[test]
fn every_link_inside_the_package_leads_to_a_file_of_the_package() {
    let packaged = packaged();
    let is_in = |path: &Path| packaged.iter().any(|pattern| fits(pattern, path));
    let mut wrong = Vec::new();
    let mut pages = pages(root());
    pages.retain(|path| is_in(path.strip_prefix(root()).unwrap()));
    assert!(pages.len() > 20, "{pages:?}");
    for path in pages {
        let page = path.strip_prefix(root()).unwrap();
        for link in targets(&fs::read_to_string(&path).unwrap()) {
            let target = resolved(page, &link);
            if !target.is_some_and(|(target, _)| is_in(&target)) {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
