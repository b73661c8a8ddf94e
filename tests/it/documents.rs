//! What the documents say to type is typed, and what they say comes out comes out: the README, the
//! other documents beside it, and the examples of every help text and manual page.

mod blocks;
mod console;
mod examples;
mod likeness;
mod others;
mod reader;
mod table;
