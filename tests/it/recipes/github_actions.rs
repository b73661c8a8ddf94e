//! `docs/github-actions`: a job that fails unless its key is valid, with its steps run as GitHub does.

use super::{doc, fits_schema, yaml};
use crate::exe::harness::{Site, run};
use crate::harness::Ran;
use serde_json::Value;
use std::fs;

const FILE: &str = "github-actions/keyctl.yml";

/// What the job prints at its end.
const DEPLOYED: &str = "deployed\n";

/// Runs the steps of the workflow's job up to the first that fails, with the secret `API_KEY`, and
/// returns what the last of them did.
fn job(workflow: &Value, site: &Site, secret: &str) -> Ran {
    // For this GitHub runs bash so; for nothing, with fewer flags.
    assert_eq!(workflow["defaults"]["run"]["shell"], "bash");
    let job = &workflow["jobs"]["deploy"];
    let mut last = None;
    for step in job["steps"].as_array().unwrap() {
        let script = step["run"].as_str().unwrap();
        // Put into a script, a secret would be in a file and on a command line.
        assert!(!script.contains("${{"), "{script}");
        fs::write(site.path("step.sh"), script).unwrap();
        let mut bash = site.clean("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "step.sh"]);
        for env in [&workflow["env"], &job["env"], &step["env"]] {
            for (name, value) in variables(env) {
                let value = value.replace("${{ secrets.API_KEY }}", secret);
                assert!(!value.contains("${{"), "{value}");
                bash.env(name, value);
            }
        }
        assert_eq!(job["env"]["KEYCTL_DB"], "/srv/keyctl/keyctl.db");
        let ran = run(bash.env("KEYCTL_DB", site.db()));
        let failed = ran.code != 0;
        last = Some(ran);
        if failed {
            break;
        }
    }
    last.unwrap()
}

fn variables(env: &Value) -> Vec<(&String, &str)> {
    let env = env.as_object().into_iter().flatten();
    env.map(|(name, value)| (name, value.as_str().unwrap()))
        .collect()
}

#[test]
fn the_workflow_is_one_by_githubs_schema() {
    fits_schema(&doc(FILE), "vendor.github-workflows");
}

#[test]
fn a_valid_token_lets_the_job_go_on() {
    let Some(workflow) = yaml(&doc(FILE)) else {
        return;
    };
    let site = Site::cheap();
    let token = site.create();
    job(&workflow, &site, &token).code(0).stdout(DEPLOYED);
}

#[test]
fn the_job_stops_at_its_first_step_for_a_token_that_is_not_valid() {
    let Some(workflow) = yaml(&doc(FILE)) else {
        return;
    };
    let site = Site::cheap();
    let token = site.create();
    let stops = |secret: &str, code: u8| job(&workflow, &site, secret).code(code).stdout("");
    site.disable(&token);
    stops(&token, 1).says("rejected: disabled");
    site.run("scope add other --description other");
    let other = site.run("create --scope other").stdout;
    stops(other.trim_end(), 6).says("rejected: scope");
    // As on a fork, whose secrets are empty.
    stops("", 2).says("the environment variable 'API_KEY' is unset or empty");
    fs::remove_file(site.db()).unwrap();
    stops(&token, 5);
}
