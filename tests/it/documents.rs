//! Tests of the documents: the commands of the README, the guide and the other pages are typed and
//! print what the page says, every link leads somewhere, and to every page, no page is long before its
//! first example, and the examples of every help text and manual page work.

pub mod blocks;
mod console;
mod examples;
mod guarded;
mod leads;
pub mod likeness;
pub mod links;
mod map;
mod others;
mod reader;
mod spans;
mod states;
mod worlds;
