//! The generated manual pages and completions are fresh.
