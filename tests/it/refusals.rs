//! What access and policy refuse is logged.
