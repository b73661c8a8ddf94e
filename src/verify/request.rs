//! Request to verify a token.

use crate::token::AnyToken;
use std::net::IpAddr;

/// Token to verify, with the permissions that its key must have.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Presented token.
    pub token: &'a AnyToken,
    /// Permissions that its key must have.
    pub required: &'a Required,
}

/// Permissions that a usable key must have, and the address that it must work from.
#[derive(Clone, Debug, Default)]
pub struct Required {
    /// Scopes that the key must all hold. The store must know them.
    pub scopes: Vec<String>,
    /// Projects that the key's owner must be a member of, all of them.
    pub projects: Vec<String>,
    /// Address of the client. A key that works from some networks only is refused without it.
    pub address: Option<IpAddr>,
}
