//! `docs/gitlab-ci`: jobs that fail unless their key is valid, with their scripts run as GitLab's
//! runner does: all lines as one script, which ends at the first that fails.

use super::{doc, fits_schema, yaml};
use crate::exe::harness::{Site, run};
use crate::harness::Ran;
use serde_json::Value;
use std::fs;

const FILE: &str = "gitlab-ci/gitlab-ci.yml";

/// A variable of the project, with its path if its type is "File".
type Variable = (&'static str, String);

/// Runs the script of a job in each shell that the runner takes.
fn job(pipeline: &Value, site: &Site, name: &str, variable: &Variable) -> [Ran; 2] {
    let lines = pipeline[name]["script"].as_array().unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    fs::write(site.path("job.sh"), lines.join("\n")).unwrap();
    assert_eq!(pipeline["variables"]["KEYCTL_DB"], "/srv/keyctl/keyctl.db");
    let shells = [("sh", "-e"), ("bash", "-eo")];
    shells.map(|(shell, flags)| {
        let mut command = site.clean(shell);
        command.arg(flags);
        if shell == "bash" {
            command.arg("pipefail");
        }
        command.arg("job.sh").env("KEYCTL_DB", site.db());
        run(command.env(variable.0, &variable.1))
    })
}

/// The token in a variable of the type "Variable", and in one of the type "File", with the job for it.
fn ways(site: &Site, token: &str) -> [(&'static str, Variable); 2] {
    let path = site.path("builds.tmp");
    fs::write(&path, token).unwrap();
    [
        ("check-variable", ("API_KEY", token.to_owned())),
        (
            "check-file",
            ("API_KEY_FILE", path.to_str().unwrap().to_owned()),
        ),
    ]
}

#[test]
fn the_pipeline_is_one_by_gitlabs_schema() {
    fits_schema(&doc(FILE), "vendor.gitlab-ci");
}

#[test]
fn the_deployment_comes_after_the_check() {
    let Some(pipeline) = yaml(&doc(FILE)) else {
        return;
    };
    assert_eq!(pipeline["stages"], serde_json::json!(["check", "deploy"]));
    for (job, stage) in [
        ("check-variable", "check"),
        ("check-file", "check"),
        ("deploy", "deploy"),
    ] {
        assert_eq!(pipeline[job]["stage"], stage);
        // A job that may fail stops nothing.
        assert!(pipeline[job]["allow_failure"].is_null());
    }
}

#[test]
fn a_job_passes_with_a_valid_token_and_fails_with_one_that_is_stopped_or_missing() {
    let Some(pipeline) = yaml(&doc(FILE)) else {
        return;
    };
    let site = Site::cheap();
    let token = site.create();
    let run = |name: &str, variable: &Variable| job(&pipeline, &site, name, variable);
    for (name, variable) in ways(&site, &token) {
        for passed in run(name, &variable) {
            passed.code(0);
        }
    }
    site.disable(&token);
    for (name, variable) in ways(&site, &token) {
        for failed in run(name, &variable) {
            failed.code(1).says("rejected: disabled");
        }
        // As where a protected variable does not reach.
        for failed in run(name, &("OTHER", String::new())) {
            failed.code(2);
        }
    }
}
