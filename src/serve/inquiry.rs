//! Request on its way to a verdict.

use super::client::Bucket;
use super::log::HashUse;
use crate::token::AnyToken;
use crate::verify::{Fingerprint, Match, Request, Required, Verified};
use std::time::Instant;
use tokio::sync::oneshot;

/// Request on its way to a verdict.
pub struct Inquiry {
    /// Presented token.
    pub token: AnyToken,
    /// Permissions that its key must have.
    pub required: Required,
    /// Client, for fairness.
    pub client: Bucket,
    /// Time until which the client waits.
    pub deadline: Instant,
    /// Comparison that was made for this request, with its fingerprint.
    pub compared: Option<(Fingerprint, Match)>,
    /// Channel to the connection, which drops its end when it no longer waits.
    pub reply: oneshot::Sender<Reply>,
}

/// Answer to an [`Inquiry`].
pub type Reply = Result<Answered, Failure>;

/// Verdict on a request.
pub struct Answered {
    /// Verdict.
    pub verified: Verified,
    /// Origin of the comparison with a slow hash.
    pub hash: HashUse,
}

/// Reason for which a request has no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A required scope is not registered.
    Usage,
    /// The store cannot be read, or a hash not be computed.
    Store,
    /// The queue of hashes is full, or the verdict took too long.
    Busy,
}

impl Inquiry {
    /// Returns the token with the required permissions.
    pub fn request(&self) -> Request<'_> {
        Request {
            token: &self.token,
            required: &self.required,
        }
    }

    /// Tells whether nobody waits for the answer any longer.
    pub fn is_abandoned(&self, now: Instant) -> bool {
        self.reply.is_closed() || now >= self.deadline
    }

    /// Answers the request, and returns its token.
    pub fn answer(self, reply: Reply) -> AnyToken {
        // The connection may have given up meanwhile.
        drop(self.reply.send(reply));
        self.token
    }
}
