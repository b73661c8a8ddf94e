//! Many more processes than a store has writers.
