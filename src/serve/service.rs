//! Service: one request in, one answer out.

use super::answer::Answer;
use super::client::{self, Bucket};
use super::core::Core;
use super::inquiry::{Failure, Inquiry, Reply};
use super::log::{HashUse, LogEntry};
use super::metrics::{CONTENT_TYPE, VerdictWord};
use super::presented::{self, Credential};
use super::query::{self, Asked, BadQuery, Endpoint};
use super::ready;
use crate::verify::Required;
use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE as TYPE, HeaderName,
    HeaderValue,
};
use hyper::{Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// Name of the header that names this server.
const REPLICA: HeaderName = HeaderName::from_static("x-keyctl-replica");

/// Settings by which requests are read and answered.
pub struct Settings {
    /// Header with the token.
    pub header: HeaderName,
    /// True if `Authorization: Bearer` is read too.
    pub bearer: bool,
    /// Header with the client's address, which the gateway sets.
    pub client_header: Option<HeaderName>,
    /// Scopes that every key must have.
    pub scopes: Vec<String>,
    /// Project of which every key's owner must be a member.
    pub project: Option<String>,
    /// Maximum time to a verdict.
    pub patience: Duration,
    /// Name of this server, which is sent with each answer.
    pub replica: Option<HeaderValue>,
}

/// Service of one kind of listener.
#[derive(Clone)]
pub struct Service {
    /// Parts that the threads share.
    pub core: Arc<Core>,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Whether the server is shutting down.
    pub draining: watch::Receiver<bool>,
    /// Whether this is the listener for metrics, which gives no verdicts.
    pub is_for_metrics: bool,
}

/// Request for a verdict.
struct Asking {
    begin: Instant,
    endpoint: Endpoint,
    required: Required,
    hash: HashUse,
}

impl Service {
    /// Returns the service of the listener for metrics.
    pub fn for_metrics(&self) -> Self {
        Service {
            is_for_metrics: true,
            ..self.clone()
        }
    }

    /// Answers a request. Never reads its body: with one, the connection is closed.
    ///
    /// With a `has_fragment`, part of the request line is missing in `request`.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        has_fragment: bool,
    ) -> Response<Full<Bytes>> {
        let asked = match has_fragment {
            true => Some(Err(BadQuery::FRAGMENT)),
            // A 200 to it would open a tunnel.
            false if request.method() == Method::CONNECT => None,
            false => query::parse(request.uri().path(), request.uri().query()),
        };
        let mut response = self.route(&request, asked).await;
        let headers = response.headers_mut();
        if let Some(replica) = &self.settings.replica {
            headers.insert(REPLICA, replica.clone());
        }
        if has_fragment || !request.body().is_end_stream() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn route(
        &self,
        request: &Request<Incoming>,
        asked: Option<Result<Asked, BadQuery>>,
    ) -> Response<Full<Bytes>> {
        if self.is_for_metrics && request.uri().path() == "/metrics" {
            return self.metrics().await;
        }
        match asked {
            Some(Ok(asked)) if asked.endpoint == Endpoint::Live => plain(StatusCode::OK),
            Some(Ok(asked)) if asked.endpoint == Endpoint::Ready => self.ready().await,
            Some(asked) if !self.is_for_metrics => self.verify(request, asked).await,
            _ => {
                let mut response = plain(StatusCode::NOT_FOUND);
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
                response
            }
        }
    }

    /// Answers a scrape. Looks at the store first: without requests, nothing else would notice that it is gone.
    async fn metrics(&self) -> Response<Full<Bytes>> {
        ready::check(&self.core, self.settings.patience).await;
        let mut response = Response::new(Full::from(self.core.metrics.render()));
        let kind = HeaderValue::from_static(CONTENT_TYPE);
        response.headers_mut().insert(TYPE, kind);
        response
    }

    async fn ready(&self) -> Response<Full<Bytes>> {
        if *self.draining.borrow() {
            return Answer::without_key(VerdictWord::Draining).response();
        }
        match ready::check(&self.core, self.settings.patience).await {
            true => plain(StatusCode::OK),
            false => Answer::without_key(VerdictWord::Store).response(),
        }
    }

    /// Gives the verdict on a request.
    async fn verify(
        &self,
        request: &Request<Incoming>,
        asked: Result<Asked, BadQuery>,
    ) -> Response<Full<Bytes>> {
        let mut asking = self.asking(request, asked.as_ref().ok());
        let answer = match asked {
            Ok(_) => self.verdict(request, &mut asking).await,
            Err(bad) => {
                self.core.log.message("usage", &bad.to_string());
                Answer::without_key(VerdictWord::Usage)
            }
        };
        self.record(&asking, &answer);
        answer.response()
    }

    /// Joins what the request requires with what every request does.
    fn asking(&self, request: &Request<Incoming>, asked: Option<&Asked>) -> Asking {
        let settings = &self.settings;
        let endpoint = match request.uri().path() {
            "/verify" => Endpoint::Verify,
            _ => Endpoint::At,
        };
        let scopes = asked.iter().flat_map(|asked| &asked.scopes);
        let project = asked.and_then(|asked| asked.project.as_ref());
        Asking {
            begin: Instant::now(),
            endpoint,
            required: Required {
                scopes: settings.scopes.iter().chain(scopes).cloned().collect(),
                projects: settings.project.iter().chain(project).cloned().collect(),
                address: self.client(request),
            },
            hash: HashUse::None,
        }
    }

    async fn verdict(&self, request: &Request<Incoming>, asking: &mut Asking) -> Answer {
        let token = match self.credential(request) {
            Credential::Missing => return Answer::without_key(VerdictWord::Missing),
            Credential::Several => return Answer::without_key(VerdictWord::Several),
            Credential::Malformed => return Answer::without_key(VerdictWord::Malformed),
            Credential::Token(token) => token,
        };
        let (reply, replied) = oneshot::channel();
        let patience = self.settings.patience;
        let is_queued = self.core.queue.offer(Inquiry {
            token,
            required: asking.required.clone(),
            client: Bucket::from(asking.required.address),
            deadline: asking.begin + patience,
            compared: None,
            reply,
        });
        if !is_queued {
            return Answer::without_key(VerdictWord::Busy);
        }
        // An error means that the thread has panicked, or that the time is up.
        let reply: Reply = match timeout(patience, replied).await {
            Ok(reply) => reply.unwrap_or(Err(Failure::Store)),
            Err(_) => Err(Failure::Busy),
        };
        if let Ok(answered) = &reply {
            asking.hash = answered.hash;
        }
        Answer::of(&reply)
    }

    fn credential(&self, request: &Request<Incoming>) -> Credential {
        let headers = request.headers();
        let keys = headers.get_all(&self.settings.header);
        let bearer = self.settings.bearer.then(|| headers.get_all(AUTHORIZATION));
        presented::find(
            keys.iter().map(HeaderValue::as_bytes),
            bearer.iter().flatten().map(HeaderValue::as_bytes),
        )
    }

    fn client(&self, request: &Request<Incoming>) -> Option<IpAddr> {
        let header = self.settings.client_header.as_ref()?;
        let values = request.headers().get_all(header);
        client::address(values.iter().map(HeaderValue::as_bytes))
    }

    fn record(&self, asking: &Asking, answer: &Answer) {
        let (took, required) = (asking.begin.elapsed(), &asking.required);
        self.core.metrics.verdict(answer.word, took);
        self.core.log.verdict(&LogEntry {
            status: answer.status.as_u16(),
            reason: answer.reason(),
            key: answer.key,
            scope: &required.scopes,
            project: &required.projects,
            client: asking.required.address,
            endpoint: asking.endpoint.word(),
            hash: asking.hash,
            took,
        });
    }
}

/// Response that gives no verdict.
fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}
