//! The pages of the recipes: each is listed and shows what its files say, and each script is one for
//! every shell. That their links lead somewhere is checked with those of all pages.

use super::{blocks, doc, is_here};
use crate::documents::links;
use crate::exe::harness::{Site, mode, run};
use std::fs;
use std::path::PathBuf;

/// The directories of `docs` that are no recipes.
const OTHERS: [&str; 2] = ["guide", "pictures"];

/// The names of the directories in one of `docs`.
fn directories(path: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(doc(path))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !OTHERS.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

/// The directories of the recipes, with those inside another recipe's.
fn recipes() -> Vec<String> {
    let within = |recipe: &String| {
        let inner = directories(recipe).into_iter();
        inner.map(|name| format!("{recipe}/{name}")).collect()
    };
    let mut all = directories("");
    let inner: Vec<Vec<String>> = all.iter().map(within).collect();
    all.extend(inner.concat());
    all
}

/// The files of a recipe, but for its page.
fn files(recipe: &str) -> Vec<PathBuf> {
    fs::read_dir(doc(recipe))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.ends_with("README.md"))
        .collect()
}

/// Every script for a shell.
fn scripts() -> Vec<PathBuf> {
    let all = recipes().into_iter().flat_map(|recipe| files(&recipe));
    all.filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect()
}

/// The recipes to which a page links.
fn listed(page: &str) -> Vec<String> {
    let text = fs::read_to_string(doc(page)).unwrap();
    let mut listed: Vec<String> = links::targets(&text)
        .iter()
        .filter_map(|link| link.strip_suffix("/README.md"))
        .filter(|name| !name.starts_with("..") && !OTHERS.contains(name))
        .map(str::to_owned)
        .collect();
    listed.sort();
    listed.dedup();
    listed
}

#[test]
fn every_recipe_is_listed_by_docs() {
    let mut listed = listed("README.md");
    listed.retain(|name| !name.contains('/'));
    assert_eq!(listed, directories(""));
}

#[test]
fn every_recipe_inside_another_is_listed_by_its_page() {
    for recipe in directories("") {
        let inner = directories(&recipe);
        if !inner.is_empty() {
            assert_eq!(listed(&format!("{recipe}/README.md")), inner);
        }
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
    let programs = recipes().into_iter().flat_map(|recipe| files(&recipe));
    let programs = programs.filter(|path| {
        let end = path.extension().unwrap_or_default();
        ["sh", "py", "mjs"].contains(&end.to_str().unwrap())
    });
    for script in programs {
        assert_eq!(mode(&script) & 0o111, 0o111, "{}", script.display());
        let text = fs::read_to_string(&script).unwrap();
        assert!(text.starts_with("#!/"), "{}", script.display());
    }
}

#[test]
fn every_server_that_a_page_starts_has_flags_that_exist() {
    let mut found = 0;
    for recipe in recipes() {
        let blocks = blocks(&super::page(&recipe), "sh").concat();
        for line in blocks
            .lines()
            .filter(|line| line.starts_with("keyctl serve"))
        {
            let line = line.split(['>', '&']).next().unwrap_or(line);
            let line = line.trim_start_matches("keyctl");
            // Without a store, which is looked for once the command line was understood.
            run(&mut Site::new().cmd(line)).code(5);
            found += 1;
        }
    }
    assert!(found > 1, "{found}");
}

#[test]
fn the_package_has_every_file_of_a_recipe() {
    let packaged = links::packaged();
    for recipe in recipes() {
        for file in files(&recipe) {
            let file = file.strip_prefix(links::root()).unwrap();
            let is_there = packaged.iter().any(|pattern| links::fits(pattern, file));
            assert!(is_there, "{}", file.display());
        }
    }
}
