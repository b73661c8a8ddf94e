//! What `KEY` stands for.
