//! The pages of the recipes: each is listed and shows what its files say, and each script is one for
//! every shell. That their links lead somewhere is checked with those of all pages.

use super::{blocks, doc, is_here};
use crate::documents::links;
use crate::exe::harness::{Site, mode, run};
use std::fs;
use std::path::PathBuf;

/// The directories of `docs` that are no recipes.
const OTHERS: [&str; 2] = ["guide", "pictures"];

/// The directories of the recipes.
fn recipes() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(doc(""))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !OTHERS.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

/// The files of a recipe, but for its page.
fn files(recipe: &str) -> Vec<PathBuf> {
    fs::read_dir(doc(recipe))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("README.md"))
        .collect()
}

/// Every script for a shell.
fn scripts() -> Vec<PathBuf> {
    let all = recipes().into_iter().flat_map(|recipe| files(&recipe));
    all.filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect()
}

#[test]
fn every_recipe_is_listed_by_docs_and_by_the_readme() {
    for (page, start) in [("README.md", ""), ("../README.md", "docs/")] {
        let text = fs::read_to_string(doc(page)).unwrap();
        let mut listed: Vec<String> = links::targets(&text)
            .iter()
            .filter_map(|link| link.strip_prefix(start)?.strip_suffix("/README.md"))
            .filter(|name| *name != ".." && !OTHERS.contains(name))
            .map(str::to_owned)
            .collect();
        listed.sort();
        listed.dedup();
        assert_eq!(listed, recipes(), "{page}");
    }
}

#[test]
fn every_page_names_each_of_its_files() {
    for recipe in recipes() {
        let page = super::page(&recipe);
        for file in files(&recipe) {
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(page.contains(&format!("]({name})")), "{recipe}: {name}");
        }
    }
}

#[test]
fn what_a_page_shows_of_a_file_is_in_that_file() {
    for recipe in recipes() {
        let page = super::page(&recipe);
        let texts: Vec<String> = files(&recipe)
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        let part = |block: &String| texts.iter().any(|text| text.contains(block));
        for language in ["yaml", "ini", "python"] {
            for block in blocks(&page, language) {
                assert!(part(&block), "{recipe}: {block}");
            }
        }
        // What is not to be typed at a prompt is shown of a script.
        for block in blocks(&page, "sh") {
            assert!(!block.starts_with('{') || part(&block), "{recipe}: {block}");
        }
    }
}

#[test]
fn every_script_is_clean_to_shellcheck_and_read_by_every_shell() {
    let site = Site::new();
    if is_here("shellcheck", &["--version"]) {
        let mut check = site.clean("shellcheck");
        run(check.args(["--shell", "sh"]).args(scripts()))
            .code(0)
            .stdout("");
    }
    for shell in super::shells() {
        for script in scripts() {
            run(site.clean(shell).arg("-n").arg(script))
                .code(0)
                .stderr("");
        }
    }
}

#[test]
fn every_program_may_be_run() {
    for script in scripts().into_iter().chain([doc("endpoint/server.py")]) {
        assert_eq!(mode(&script) & 0o111, 0o111, "{}", script.display());
        let text = fs::read_to_string(&script).unwrap();
        assert!(text.starts_with("#!/"), "{}", script.display());
    }
}

#[test]
fn the_package_has_every_file_of_a_recipe() {
    let manifest = fs::read_to_string(doc("../Cargo.toml")).unwrap();
    for recipe in recipes() {
        for file in files(&recipe) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let (_, end) = name.rsplit_once('.').unwrap();
            let has = |asset: &str| manifest.contains(&format!("[\"docs/{asset}\", "));
            let is_there = has(&format!("*/*.{end}")) || has(&format!("{recipe}/{name}"));
            assert!(is_there, "{recipe}/{name}");
        }
    }
}
