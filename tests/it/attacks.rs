//! Attacks on `keyctl serve`: whatever a client sends, or does not, no request without a valid token is answered 200,
//! and other clients get their verdicts.

mod client;
mod floods;
mod forms;
mod limits;
mod slow;
mod smuggling;
mod target;
