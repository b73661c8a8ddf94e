//! `docs/gateways/ingress-nginx`: not run, for want of a cluster; parsed, and each Ingress asks.

use super::recipe;
use crate::exe::harness::{Site, run_with};
use crate::recipes::is_here;
use serde_json::Value;
use std::fs;

/// The documents of a YAML file; `None`, which is said, without a parser.
fn documents(path: &str) -> Option<Vec<Value>> {
    if !is_here("python3", &["-c", "import yaml"]) {
        return None;
    }
    let read = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";
    let site = Site::new();
    let mut python = site.clean("python3");
    let ran = run_with(python.args(["-c", read]), fs::read(recipe(path)).unwrap());
    ran.code(0).json().as_array().cloned()
}

#[test]
fn every_ingress_asks_for_a_scope_and_sets_each_identity_header() {
    let Some(documents) = documents("ingress-nginx/ingress.yaml") else {
        return;
    };
    let mut scopes = Vec::new();
    for ingress in documents.iter().filter(|it| it["kind"] == "Ingress") {
        let annotations = &ingress["metadata"]["annotations"];
        let of = |name: &str| {
            let name = format!("nginx.ingress.kubernetes.io/{name}");
            annotations[&name].as_str().unwrap().to_owned()
        };
        let url = of("auth-url");
        let (_, scope) = url.rsplit_once("/verify?scope=").unwrap();
        scopes.push(scope.to_owned());
        let headers = of("auth-response-headers");
        let headers: Vec<&str> = headers.split(',').collect();
        assert_eq!(headers.len(), 9, "{headers:?}");
        assert!(headers.iter().all(|name| name.starts_with("X-Key-")));
        assert!(!annotations.to_string().contains("snippet"));
    }
    assert_eq!(scopes, ["inference", "project"]);
    let no_token = documents.iter().find(|it| it["kind"] == "ConfigMap");
    let names = no_token.unwrap()["data"].as_object().unwrap();
    assert!(names.keys().eq(["Authorization", "X-Api-Key"]));
}
