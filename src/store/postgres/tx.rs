//! The contract's `Tx`, over one transaction.

use super::error::{Explain, PgError};
use super::statement::Statement;
use super::view::View;
use crate::error::{Error, Result, quote};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::key::Key;
use crate::project::Member;
use crate::scope::Scope;
use crate::store::contract::Tx;
use crate::when::Timestamp;

impl View<'_> {
    /// Runs a change, and returns the number of rows that it returns.
    fn change(&self, statement: Statement) -> Result<usize> {
        // Not by `query`: a NUL is for the server to refuse.
        self.facts()?;
        Ok(self.run(statement)?.len())
    }

    /// Runs a change of the settings, and reads them again.
    fn change_settings(&self, statements: impl IntoIterator<Item = Statement>) -> Result<()> {
        for statement in statements {
            self.change(statement)?;
        }
        self.look_again()
    }
}

impl View<'_> {
    /// Marks the store as retired, with a copy at the path `copy`.
    pub fn retire(&self, at: Timestamp, copy: &str) -> Result<()> {
        let statement = Statement::new("SELECT keyctl.retire($1, $2)");
        self.run(statement.with(at.millis()).with(copy)).map(drop)
    }
}

impl Tx for View<'_> {
    fn insert(&mut self, key: &Key, hash: &str) -> Result<()> {
        let statement = Statement::new(
            "INSERT INTO keyctl.keys (id, name, owner, kind, hash, created_at, created_by, expires_at, grace_from, \
             usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        )
        .with(key.id.as_str())
        .with(&key.name)
        .with(&key.owner)
        .with(key.kind.word())
        .with(hash)
        .with(key.created_at.millis())
        .with(&key.created_by)
        .with(key.expires_at.map(Timestamp::millis))
        .with(key.grace_from.map(Timestamp::millis))
        .with(key.usable_until.map(Timestamp::millis))
        .with(key.disabled_at.map(Timestamp::millis))
        .with(key.disabled_by.clone())
        .with(key.deleted_at.map(Timestamp::millis))
        .with(key.replaces.map(|id| id.to_string()))
        .with(key.replaced_by.map(|id| id.to_string()))
        .with(key.scopes.iter().cloned().collect::<Vec<_>>())
        .with(labels_text(key)?)
        .with(network_texts(key))
        .with(key.imported);
        self.facts()?;
        self.run_or(statement, |error| name_taken(error, key))?;
        match key.imported {
            true => self.look_again(),
            false => Ok(()),
        }
    }

    fn update(&mut self, key: &Key) -> Result<()> {
        let statement = Statement::new(
            "UPDATE keyctl.keys SET name = $2, owner = $3, expires_at = $4, grace_from = $5, usable_until = $6, \
             disabled_at = $7, disabled_by = $8, deleted_at = $9, replaced_by = $10, scopes = $11, labels = $12, \
             allow_from = $13 WHERE id = $1 RETURNING 1",
        )
        .with(key.id.as_str())
        .with(&key.name)
        .with(&key.owner)
        .with(key.expires_at.map(Timestamp::millis))
        .with(key.grace_from.map(Timestamp::millis))
        .with(key.usable_until.map(Timestamp::millis))
        .with(key.disabled_at.map(Timestamp::millis))
        .with(key.disabled_by.clone())
        .with(key.deleted_at.map(Timestamp::millis))
        .with(key.replaced_by.map(|id| id.to_string()))
        .with(key.scopes.iter().cloned().collect::<Vec<_>>())
        .with(labels_text(key)?)
        .with(network_texts(key));
        self.facts()?;
        match self
            .run_or(statement, |error| name_taken(error, key))?
            .len()
        {
            // A row that is not theirs is hidden from an operator's UPDATE.
            0 => Err(Error::access(format!(
                "the server does not let you change {}",
                key.label()
            ))),
            _ => Ok(()),
        }
    }

    fn purge(&mut self, id: KeyId) -> Result<()> {
        let statement = Statement::new("SELECT 1 WHERE keyctl.purge($1)").with(id.as_str());
        match self.change(statement)? {
            0 => Err(Error::access(format!(
                "the server does not let you purge {id}"
            ))),
            _ => Ok(()),
        }
    }

    fn append(&mut self, event: &Event) -> Result<()> {
        let mut pending = self.pending.borrow_mut();
        if event.action == Action::Reuse {
            let statement = Statement::new("SELECT keyctl.note_reuse($1, $2, $3)")
                .with(event.at.millis())
                .with(event.key_id.map(|id| id.to_string()))
                .with(event.detail_text());
            pending.add(statement);
            return Ok(());
        }
        drop(pending);
        let actor = self.facts()?.actor;
        self.pending.borrow_mut().append(event, &actor);
        Ok(())
    }

    fn touch(&mut self, id: KeyId, now: Timestamp) -> Result<()> {
        let statement = Statement::new("SELECT keyctl.touch($1, $2)");
        let statement = statement.with(id.as_str()).with(now.millis());
        self.pending.borrow_mut().add_use(statement);
        Ok(())
    }

    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> Result<bool> {
        if !self.facts()?.is_admin {
            return Ok(false);
        }
        let statement = Statement::new("SELECT keyctl.replace_hash($1, $2, $3)");
        let rows = self.run(statement.with(id.as_str()).with(old).with(new))?;
        Ok(rows
            .first()
            .and_then(|row| row.try_get(0).ok())
            .unwrap_or_default())
    }

    fn set_policy(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        self.change_settings([match value {
            Some(value) => Statement::new(
                "INSERT INTO keyctl.policy (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .with(name)
            .with(value),
            None => Statement::new("DELETE FROM keyctl.policy WHERE name = $1").with(name),
        }])
    }

    fn add_scope(&mut self, name: &str, scope: &Scope) -> Result<()> {
        let add = Statement::new(
            "INSERT INTO keyctl.scopes (name, description) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET description = excluded.description",
        );
        let forget = Statement::new("DELETE FROM keyctl.scope_implies WHERE name = $1");
        let imply = Statement::new(
            "INSERT INTO keyctl.scope_implies (name, implied) SELECT $1, i FROM unnest($2) i",
        );
        self.change_settings([
            add.with(name).with(&scope.description),
            forget.with(name),
            imply
                .with(name)
                .with(scope.implies.iter().cloned().collect::<Vec<_>>()),
        ])
    }

    fn remove_scope(&mut self, name: &str) -> Result<()> {
        let forget = Statement::new("DELETE FROM keyctl.scope_implies WHERE name = $1");
        let remove = Statement::new("DELETE FROM keyctl.scopes WHERE name = $1");
        self.change_settings([forget.with(name), remove.with(name)])
    }

    fn set_member(&mut self, member: &Member) -> Result<()> {
        let statement = Statement::new(
            "INSERT INTO keyctl.members (project, \"user\", role) VALUES ($1, $2, $3) \
             ON CONFLICT (project, \"user\") DO UPDATE SET role = excluded.role",
        );
        let statement = statement.with(&member.project).with(&member.user);
        self.change(statement.with(member.role.word())).map(drop)
    }

    fn remove_member(&mut self, project: &str, user: &str) -> Result<()> {
        let statement = Statement::new("SELECT keyctl.remove_member($1, $2)");
        self.change(statement.with(project).with(user)).map(drop)
    }

    fn add_administrator(&mut self, user: &str) -> Result<()> {
        let statement = Statement::new("SELECT keyctl.add_admin($1)").with(user);
        self.facts()?;
        self.run_or(statement, |error| no_such_role(error, user))
            .map(drop)
    }

    fn remove_administrator(&mut self, user: &str) -> Result<()> {
        let statement = Statement::new("SELECT keyctl.remove_admin($1)").with(user);
        self.facts()?;
        self.run_or(statement, |error| no_such_role(error, user))
            .map(drop)
    }
}

impl View<'_> {
    fn run_or(
        &self,
        statement: Statement,
        known: impl FnOnce(&PgError) -> Option<Error>,
    ) -> Result<Vec<tokio_postgres::Row>> {
        self.run_raw(statement)?
            .map_err(|error| known(&error).map_or(error, PgError::from))
            .explain(&self.session.server)
    }
}

/// Returns the value of the column `labels`.
pub fn labels_text(key: &Key) -> Result<String> {
    let unwritable = |_| Error::damaged(format!("the labels of {} cannot be written", key.label()));
    serde_json::to_string(&key.labels).map_err(unwritable)
}

/// Returns the error for a name that another live key holds.
fn name_taken(error: &PgError, key: &Key) -> Option<Error> {
    (error.code() == Some("23505") && error.constraint() == Some("keys_live_name")).then(|| {
        Error::state(format!(
            "the name {} of {} is held by another key",
            quote(&key.name),
            quote(&key.owner)
        ))
        .hint("choose another name")
    })
}

/// Returns the error for a user who is no role of the server.
fn no_such_role(error: &PgError, user: &str) -> Option<Error> {
    (error.code() == Some("42704")).then(|| {
        Error::not_found(format!("the server has no role {}", quote(user)))
            .hint("a user of the store is a role of the server: CREATE ROLE NAME LOGIN")
    })
}

/// Returns the networks of a key as texts.
pub fn network_texts(key: &Key) -> Vec<String> {
    key.allow_from.iter().map(ToString::to_string).collect()
}
