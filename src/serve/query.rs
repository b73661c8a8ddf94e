//! Endpoint and required permissions in the path and query of a request.

use crate::name;
use crate::percent;
use crate::scope;
use crate::token::Redacted;
use crate::word::words;
use std::fmt;

/// Maximum number of scopes that one request can require.
const SCOPES_MAX: usize = 64;

words! {
    /// Endpoint of the server.
    pub enum Endpoint {
        /// Verdict; the query holds the required permissions.
        Verify = "verify",
        /// Verdict; the path holds the required scopes, and then the client's own path.
        At = "at",
        /// Liveness: the process answers.
        Live = "livez",
        /// Readiness: the store can be read.
        Ready = "readyz",
    }
}

/// Endpoint that a request addresses, and the permissions that it requires of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Endpoint.
    pub endpoint: Endpoint,
    /// Scopes, in the order of the request; the store may not know them.
    pub scopes: Vec<String>,
    /// Project that the key's owner must be a member of.
    pub project: Option<String>,
}

/// Error for a path or query that does not say clearly which permissions are required.
///
/// It names the part at fault and never its value, which could be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadQuery {
    part: &'static str,
    fault: &'static str,
}

impl BadQuery {
    /// Error for a `#`: the HTTP library drops it and the rest of the request line.
    pub const FRAGMENT: BadQuery = BadQuery {
        part: "request line",
        fault: "a '#', which must be written %23",
    };
}

/// Formats the part at fault and the fault, as in `scope: an empty value`.
impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.fault)
    }
}

/// Parses the path and query of a request. `None` for a path that is no endpoint.
///
/// `/verify?scope=A,B&project=P` takes these two parameters, each once, percent-encoded in UTF-8. In
/// `/at/A,B/…`, all that follows the scopes is ignored: it is the client's own path. A request that is not understood
/// completely is an error: after a typo it could require less than its author wanted.
pub fn parse(path: &str, query: Option<&str>) -> Option<Result<Asked, BadQuery>> {
    let asked = |endpoint| Asked {
        endpoint,
        scopes: Vec::new(),
        project: None,
    };
    match path {
        "/verify" => Some(parameters(query.unwrap_or_default())),
        "/livez" => Some(Ok(asked(Endpoint::Live))),
        "/readyz" => Some(Ok(asked(Endpoint::Ready))),
        _ => {
            let scopes = path.strip_prefix("/at/")?.split('/').next()?;
            Some(scope_list("path", scopes).map(|scopes| Asked {
                scopes,
                ..asked(Endpoint::At)
            }))
        }
    }
}

fn parameters(query: &str) -> Result<Asked, BadQuery> {
    let (mut scopes, mut project) = (None, None);
    // An absent query is one empty part.
    for parameter in query.split('&').filter(|_| !query.is_empty()) {
        match parameter.split_once('=').unwrap_or((parameter, "")) {
            ("scope", value) => once("scope", &mut scopes, scope_parameter(value)?)?,
            ("project", value) => once("project", &mut project, project_parameter(value)?)?,
            _ => {
                return Err(BadQuery {
                    part: "query",
                    fault: "a parameter other than scope and project",
                });
            }
        }
    }
    Ok(Asked {
        endpoint: Endpoint::Verify,
        scopes: scopes.unwrap_or_default(),
        project,
    })
}

fn once<T>(part: &'static str, place: &mut Option<T>, value: T) -> Result<(), BadQuery> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(BadQuery {
            part,
            fault: "given twice",
        }),
    }
}

fn scope_parameter(value: &str) -> Result<Vec<String>, BadQuery> {
    scope_list("scope", &decoded("scope", value)?)
}

fn scope_list(part: &'static str, list: &str) -> Result<Vec<String>, BadQuery> {
    let bad = |fault| BadQuery { part, fault };
    if list.split(',').count() > SCOPES_MAX {
        return Err(bad("more than 64 scopes"));
    }
    list.split(',')
        .map(|name| scope::name(name).map_err(|_| bad("not a list of scope names")))
        .collect()
}

fn project_parameter(value: &str) -> Result<String, BadQuery> {
    let bad = |fault| BadQuery {
        part: "project",
        fault,
    };
    let project = decoded("project", value)?;
    if Redacted::find(project.as_bytes()).is_some() {
        return Err(bad("shaped like a token"));
    }
    name::sought_project(&project).map_err(|_| bad("not a project name"))
}

/// Decodes the value of the parameter `part`. Refuses `+`: some clients mean a space by it, others a plus sign.
fn decoded(part: &'static str, value: &str) -> Result<String, BadQuery> {
    let bad = |fault| BadQuery { part, fault };
    if value.is_empty() {
        return Err(bad("an empty value"));
    }
    if value.contains('+') {
        return Err(bad("a '+', which must be written %20 or %2B"));
    }
    percent::decode(value).ok_or(bad("not percent-encoded UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verify(query: &str) -> Result<(String, Option<String>), String> {
        let parsed = parse("/verify", Some(query)).unwrap();
        parsed.map_err(|bad| bad.to_string()).map(|asked| {
            assert_eq!(asked.endpoint, Endpoint::Verify);
            (asked.scopes.join(" "), asked.project)
        })
    }

    fn at(path: &str) -> Result<String, String> {
        let parsed = parse(path, Some("scope=+&x")).unwrap();
        parsed.map_err(|bad| bad.to_string()).map(|asked| {
            assert_eq!((asked.endpoint, asked.project), (Endpoint::At, None));
            asked.scopes.join(" ")
        })
    }

    #[test]
    fn verify_takes_scopes_and_a_project() {
        for (query, scopes, project) in [
            ("", "", None),
            ("scope=inference", "inference", None),
            ("scope=a,b:c,a", "a b:c a", None),
            ("scope=a%2Cb%3ac", "a b:c", None),
            ("project=web", "", Some("web")),
            (
                "project=my%20web%2B%C3%BC&scope=a",
                "a",
                Some("my web+\u{fc}"),
            ),
            ("project=\u{fc}=1", "", Some("\u{fc}=1")),
        ] {
            let expected = (scopes.to_owned(), project.map(str::to_owned));
            assert_eq!(verify(query), Ok(expected), "{query}");
        }
        let none = parse("/verify", None).unwrap().unwrap();
        assert_eq!((none.scopes.len(), none.project), (0, None));
    }

    #[test]
    fn verify_refuses_what_it_does_not_understand_and_names_the_part() {
        for (query, reason) in [
            ("&", "query: a parameter other than scope and project"),
            (
                "scope=a&",
                "query: a parameter other than scope and project",
            ),
            (
                "scopes=a",
                "query: a parameter other than scope and project",
            ),
            ("Scope=a", "query: a parameter other than scope and project"),
            (
                "%73cope=a",
                "query: a parameter other than scope and project",
            ),
            ("scope=a;project=b", "scope: not a list of scope names"),
            ("scope=a&scope=a", "scope: given twice"),
            ("project=a&scope=b&project=a", "project: given twice"),
            ("scope", "scope: an empty value"),
            ("scope=", "scope: an empty value"),
            ("project=&scope=a", "project: an empty value"),
            ("scope=,", "scope: not a list of scope names"),
            ("scope=a,", "scope: not a list of scope names"),
            ("scope=a,,b", "scope: not a list of scope names"),
            ("scope=%20a", "scope: not a list of scope names"),
            ("scope=A", "scope: not a list of scope names"),
            ("scope=a%00", "scope: not a list of scope names"),
            (
                "scope=a+b",
                "scope: a '+', which must be written %20 or %2B",
            ),
            (
                "project=a+b",
                "project: a '+', which must be written %20 or %2B",
            ),
            ("scope=a%", "scope: not percent-encoded UTF-8"),
            ("scope=a%4", "scope: not percent-encoded UTF-8"),
            ("scope=a%6g", "scope: not percent-encoded UTF-8"),
            ("scope=a%g6", "scope: not percent-encoded UTF-8"),
            (
                "scope=a%+6",
                "scope: a '+', which must be written %20 or %2B",
            ),
            ("project=%\u{fc}", "project: not percent-encoded UTF-8"),
            ("project=%FC", "project: not percent-encoded UTF-8"),
            ("project=%C0%80", "project: not percent-encoded UTF-8"),
            ("project=a%00", "project: not a project name"),
            ("project=a%0Ab", "project: not a project name"),
            ("project=a%7f", "project: not a project name"),
            ("project=a%E2%80%AEb", "project: not a project name"),
            ("project=a/b", "project: not a project name"),
            ("project=%20a", "project: not a project name"),
        ] {
            assert_eq!(verify(query), Err(reason.to_owned()), "{query}");
        }
    }

    #[test]
    fn verify_does_not_take_a_token_for_a_project() {
        let query = format!("project=kc_0123456789ab_{}", "aB3".repeat(16));
        assert_eq!(
            verify(&query),
            Err("project: shaped like a token".to_owned())
        );
    }

    #[test]
    fn a_request_can_require_64_scopes() {
        let list = |count| vec!["a"; count].join(",");
        for prefix in ["scope", "path"] {
            assert_eq!(scope_list(prefix, &list(64)).unwrap().len(), 64);
            let refused = scope_list(prefix, &list(65)).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("{prefix}: more than 64 scopes")
            );
        }
    }

    #[test]
    fn at_takes_the_scopes_and_ignores_the_path_of_the_client() {
        for (path, scopes) in [
            ("/at/inference", "inference"),
            ("/at/inference/", "inference"),
            ("/at/a,b:c/v1/chat,x/..//%00+", "a b:c"),
        ] {
            assert_eq!(at(path), Ok(scopes.to_owned()), "{path}");
        }
        for path in [
            "/at/",
            "/at//a",
            "/at/,/a",
            "/at/a,/",
            "/at/a%2Cb",
            "/at/a+b",
            "/at/A",
            "/at/..",
            "/at/a*",
            "/at/a;b",
            "/at/\u{fc}",
        ] {
            assert_eq!(
                at(path),
                Err("path: not a list of scope names".to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn the_health_endpoints_ignore_the_query() {
        for endpoint in [Endpoint::Live, Endpoint::Ready] {
            let asked = parse(&format!("/{}", endpoint.word()), Some("t=1")).unwrap();
            assert_eq!(asked.unwrap().endpoint, endpoint);
        }
    }

    #[test]
    fn other_paths_are_no_endpoint() {
        for path in [
            "",
            "/",
            "*",
            "verify",
            "/verify/",
            "//verify",
            "/Verify",
            "/verify%20",
            "/at",
            "/livez/",
            "/metrics",
            "/x/../verify",
            "/verify;a",
        ] {
            assert_eq!(parse(path, None), None, "{path}");
        }
    }

    /// Percent-encodes every byte of `text`.
    fn encoded(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    proptest! {
        #[test]
        fn parse_never_panics(path: String, query: String, value in "[%+,&=aü0-9A-F]*") {
            for query in [query, format!("scope={value}"), format!("project={value}")] {
                for path in ["/verify", &format!("/at/{path}"), &path] {
                    drop(parse(path, Some(&query)));
                }
            }
        }

        #[test]
        fn a_project_is_taken_exactly_as_verify_takes_it(project: String) {
            prop_assume!(!project.is_empty() && Redacted::find(project.as_bytes()).is_none());
            let asked = verify(&format!("project={}", encoded(&project)));
            prop_assert_eq!(asked.ok().and_then(|(_, it)| it), name::sought_project(&project).ok());
        }

        #[test]
        fn each_scope_of_an_accepted_query_was_in_it(list in "[a-c,%+A=&2]{0,12}") {
            if let Ok((scopes, None)) = verify(&format!("scope={list}")) {
                let decoded = list.replace("%2C", ",");
                prop_assert_eq!(scopes, decoded.replace(',', " "));
            }
        }
    }
}
