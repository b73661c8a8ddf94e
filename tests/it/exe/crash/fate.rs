//! What became of each key, as the log tells it and as its row shows it.

use keyctl::event::Entry;
use keyctl::key::Key;
use serde_json::Value;
use std::collections::BTreeMap;

/// What became of a key.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fate {
    name: String,
    pub replaces: Option<String>,
    pub replaced_by: Option<String>,
    disabled: bool,
    deleted: bool,
}

impl Fate {
    /// As its row shows it.
    pub fn of(key: &Key) -> Self {
        Fate {
            name: key.name.clone(),
            replaces: key.replaces.map(|id| id.to_string()),
            replaced_by: key.replaced_by.map(|id| id.to_string()),
            disabled: key.disabled_at.is_some(),
            deleted: key.deleted_at.is_some(),
        }
    }
}

/// As the log tells it, of every key that was not purged.
#[track_caller]
pub fn fates(log: &[Entry]) -> BTreeMap<String, Fate> {
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    let founding = log.iter().filter(|event| event.action == "init").count();
    assert_eq!(founding, 1, "not founded once");
    for event in log {
        let Some(id) = event.key_id.clone() else {
            assert_eq!((event.action.as_str(), event.seq), ("init", 1));
            continue;
        };
        let detail: Value = serde_json::from_str(&event.detail).unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if event.action == "create" {
            let fate = Fate {
                name: text(&detail["name"]).unwrap(),
                replaces: text(&detail["replaces"]),
                ..Fate::default()
            };
            assert!(fates.insert(id.clone(), fate).is_none(), "made twice: {id}");
            continue;
        }
        let fate = fates.get_mut(&id);
        let fate = fate.unwrap_or_else(|| panic!("done to no key: {event:?}"));
        match event.action.as_str() {
            "rotate" => fate.replaced_by = text(&detail["replaced_by"]),
            "edit" => fate.name = text(&detail["name"]["new"]).unwrap(),
            "disable" => fate.disabled = true,
            "delete" => fate.deleted = true,
            "purge" => drop(fates.remove(&id)),
            "rehash" | "reuse" => {}
            other => panic!("nobody did this: {other}"),
        }
    }
    fates
}
