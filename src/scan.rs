//! Scan for leaked tokens: in files, in trees of them, in a stream, in the history of a repository.
//!
//! Text is read in pieces by a [`Searcher`], in constant memory. What is found is a candidate: its shape and its checksum
//! are right, and whether it is the token of a key only the store can tell.

mod base64;
mod escapes;
mod history;
mod place;
mod searcher;
mod tree;
mod words;

pub use history::History;
pub use place::{Lines, Place, Spot, Track};
pub use searcher::{Candidate, Searcher, Sought};
pub use tree::{Event, Tally, walk};
