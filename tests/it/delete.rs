//! `keyctl delete`
