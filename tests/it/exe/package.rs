//! What builds the Debian package, with a cargo that only writes down where it is told to build.
//! `packaging/debian/try` builds and tries a real one.

use super::harness::Site;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_package_is_made_of_what_is_built_for_it() {
    let site = Site::new();
    let tree = site.path("a tree");
    fs::create_dir_all(tree.join("packaging/debian")).unwrap();
    fs::create_dir(site.path("tools")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(tree.join("docs/systemd-serve")).unwrap();
    for file in [
        "packaging/debian/build",
        "CHANGELOG.md",
        "docs/systemd-serve/keyctl-serve.service",
        "docs/systemd-serve/keyctl-serve.socket",
    ] {
        fs::copy(root.join(file), tree.join(file)).unwrap();
    }
    // An older build lies where cargo builds unless it is told otherwise.
    fs::create_dir_all(tree.join("target/release")).unwrap();
    script(&tree.join("target/release/keyctl"), "#!/bin/sh\necho old\n");
    script(
        &site.path("tools/cargo"),
        "#!/bin/sh\n\
         [ \"$1\" = build ] || exit 0\n\
         out=${CARGO_TARGET_DIR:-target}/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release\n\
         mkdir -p \"$out\" && printf '#!/bin/sh\\necho new\\n' >\"$out/keyctl\"\n\
         chmod 755 \"$out/keyctl\"\n",
    );
    script(&site.path("tools/cargo-deb"), "#!/bin/sh\n");
    let path = std::env::var("PATH").unwrap();
    let built = Command::new(tree.join("packaging/debian/build"))
        .env("PATH", format!("{}:{path}", site.path("tools").display()))
        .env("CARGO_TARGET_DIR", site.path("elsewhere"))
        .env("CARGO_BUILD_TARGET", "other-machine")
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let packaged = fs::read_to_string(tree.join("target/release/keyctl")).unwrap();
    assert_eq!(packaged, "#!/bin/sh\necho new\n");
    // The units have the package's name, and call the program by its path.
    let unit = |end: &str| {
        let name = format!("target/package/units/api-keyctl-serve.{end}");
        fs::read_to_string(tree.join(name)).unwrap()
    };
    for text in [unit("service"), unit("socket")] {
        let others = text.replace("api-keyctl", "");
        assert!(
            !others.contains("keyctl-serve") && !others.contains("/bin/keyctl"),
            "{text}"
        );
    }
    let start = "\nExecStart=/usr/bin/api-keyctl --db /var/lib/keyctl/keyctl.db serve --client-header x-real-ip\n";
    assert!(unit("service").contains(start));
}
