//! Changes whose results nobody waits for: events and uses. They are sent with the next statement, or with the
//! commit, and cost no round trip of their own.

use super::error::Explain;
use super::row::column;
use super::server::Server;
use super::statement::{Statement, Step};
use crate::error::{Error, Result, escape};
use crate::event::{Entry, Event, GENESIS, Head};
use tokio_postgres::Row;

/// Changes that wait for the next statement.
#[derive(Default)]
pub struct Pending {
    steps: Vec<Step>,
    /// Number that the event of each step gets, if it is an event whose number is known.
    expected: Vec<Expected>,
    /// Head of the log behind the last event; `None` while the log is not locked.
    head: Option<Head>,
    /// True once an event was appended.
    has_events: bool,
    /// Number of uses among the steps.
    uses: usize,
}

/// Answer that is expected to a step.
enum Expected {
    /// Any.
    Any,
    /// The number of an event, which is known under the lock.
    Line(i64),
    /// The number of an event.
    SomeLine,
}

impl Pending {
    /// Starts behind `head`, whose row is locked.
    pub fn behind(head: Head) -> Self {
        Pending {
            head: Some(head),
            ..Pending::default()
        }
    }

    /// Returns the head behind the last event, if one was appended under the lock.
    pub fn last_event(&self) -> Option<Head> {
        self.head.filter(|_| self.has_events)
    }

    /// Tells whether uses were added, and nothing else.
    pub fn is_uses_alone(&self) -> bool {
        self.uses > 0 && self.uses == self.expected.len()
    }

    /// Adds a use.
    pub fn add_use(&mut self, statement: Statement) {
        self.uses += 1;
        self.add(statement);
    }

    /// Adds a change with any answer.
    pub fn add(&mut self, statement: Statement) {
        self.steps.push(statement.into());
        self.expected.push(Expected::Any);
    }

    /// Adds an event in the name of `actor`.
    pub fn append(&mut self, event: &Event, actor: &str) {
        let detail = event.detail_text();
        let key_id = event.key_id.map(|id| id.to_string());
        self.has_events = true;
        self.expected.push(match &mut self.head {
            None => Expected::SomeLine,
            Some(head) => {
                let mut entry = Entry {
                    seq: head.seq.saturating_add(1),
                    at: event.at.millis(),
                    actor: actor.to_owned(),
                    action: event.action.word().to_owned(),
                    key_id: key_id.clone(),
                    detail: detail.clone(),
                    hash: GENESIS,
                };
                entry.hash = entry.link(&head.hash);
                *head = Head {
                    seq: entry.seq,
                    hash: entry.hash,
                };
                Expected::Line(entry.seq)
            }
        });
        let statement = Statement::new("SELECT keyctl.append($1, $2, $3, $4)")
            .with(event.at.millis())
            .with(event.action.word())
            .with(key_id)
            .with(detail);
        self.steps.push(statement.into());
    }

    /// Takes the steps to send. [`Pending::check`] takes their answers.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// Checks the answers to the steps that were taken.
    ///
    /// # Errors
    ///
    /// Fails for an event that the server did not append.
    pub fn check(&mut self, answers: &[Vec<Row>], server: &Server) -> Result<()> {
        for (expected, rows) in std::mem::take(&mut self.expected).iter().zip(answers) {
            let line = || -> Result<Option<i64>> {
                let line = rows
                    .first()
                    .map(|row| column::<Option<i64>>(row, 0))
                    .transpose();
                Ok(line.explain(server)?.flatten())
            };
            let as_expected = match expected {
                Expected::Any => true,
                Expected::Line(seq) => line()? == Some(*seq),
                Expected::SomeLine => line()?.is_some(),
            };
            if !as_expected {
                return Err(not_appended(server));
            }
        }
        Ok(())
    }
}

fn not_appended(server: &Server) -> Error {
    Error::unavailable(format!(
        "{} did not append the event of this change at its place in the log",
        escape(&server.shown)
    ))
    .hint("nobody else writes the log under the lock: look at the server's log")
}
