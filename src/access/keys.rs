//! Keys of people and programs, and the ring of those that a server knows.
//!
//! A key is written `jiesu_<id>_<secret>`. The id is no secret: the key is found by it. The secret has 256 bits from the
//! operating system; the store has its SHA-256 alone, which is enough since nobody can try 2^256 of them (a slow hash is
//! for passwords that people choose). What was issued is shown once and nowhere kept.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::actor::{Actor, Scope};
use super::bucket::{Bucket, Rate};
use crate::say;
use crate::source::{Message, nearest};
use crate::store::{Row, Store, StoreError, Transaction};

/// What every key begins with, so that whoever finds one knows what it is.
const PREFIX: &str = "jiesu_";
/// Bytes of an id, and of a secret.
const ID: usize = 6;
const SECRET: usize = 32;
/// Characters of a name, at the most.
const LONGEST_NAME: usize = 64;
/// Names that histories give to the program itself, and to whoever tries it out without a key.
const RESERVED: [&str; 3] = ["system", "local", "import"];
/// Keys that one store may have, revoked ones among them.
const MOST: i64 = 10_000;
/// How often the use of one key is noted.
const NOTE_EVERY_MS: i64 = 60_000;

/// A key as it is listed: everything but the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The part of the key that is no secret.
    pub id: String,
    /// Whose it is: the name that histories show.
    pub name: String,
    /// What it allows, as scopes are written.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
}

/// A key that was just made: the only moment at which it can be seen.
pub struct Issued {
    /// The key without its secret.
    pub key: Key,
    /// The key itself.
    pub token: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Why keys were left as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The name cannot be used, no scope is given, or there are too many keys. Says what to do.
    Refused(Message),
    /// The operating system gives no random numbers.
    Random(String),
    /// The store did not take it.
    Store(StoreError),
}

impl KeyError {
    /// What to tell the operator.
    pub fn message(&self) -> Message {
        match self {
            KeyError::Refused(message) => message.clone(),
            KeyError::Random(why) => {
                say!("操作系统没有给出随机数，没有生成密钥：{why}", "no random numbers, and so no key: {why}")
            }
            KeyError::Store(error) => error.message(),
        }
    }
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> KeyError {
        KeyError::Store(error)
    }
}

/// Makes a key and keeps its hash. A name stands for one holder: it has one key at a time, and a new one only after the
/// old one was revoked.
///
/// # Errors
/// The name is empty, too long, taken or reserved; there is no scope; the store did not take it.
pub fn add(tx: &mut Transaction<'_>, name: &str, scopes: &[Scope], at: Timestamp) -> Result<Issued, KeyError> {
    let name = checked_name(name)?;
    if scopes.is_empty() {
        let (zh, en) = (Scope::NAMES.join("、"), Scope::NAMES.join(", "));
        return Err(KeyError::Refused(say!(
            "请写明权限，例如 --scope agent；可用的有：{zh}",
            "give a scope, such as --scope agent: the scopes are {en}"
        )));
    }
    let taken = tx.query_one("SELECT revoked_at FROM access_keys WHERE name = ?1", &[name.into()])?;
    match taken.map(|row| row.optional_integer(0)).transpose()? {
        Some(None) => {
            return Err(KeyError::Refused(say!(
                "“{name}”已有密钥；换一个名称，或先吊销：jiesu keys revoke {name}",
                "`{name}` has a key already: take another name, or revoke that one first: jiesu keys revoke {name}"
            )));
        }
        Some(Some(_)) => drop(tx.execute("DELETE FROM access_keys WHERE name = ?1", &[name.into()])?),
        None => {}
    }
    let count = tx.query_one("SELECT COUNT(*) FROM access_keys", &[])?.map_or(Ok(0), |row| row.integer(0))?;
    if count >= MOST {
        return Err(KeyError::Refused(say!("密钥已有 {MOST} 个，不能再加", "there are {MOST} keys: no more are kept")));
    }
    let (id, secret) = (hex(&random::<ID>()?), hex(&random::<SECRET>()?));
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    let hash = hex(&digest(&secret));
    tx.execute(
        "INSERT INTO access_keys (id, name, hash, scopes, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[(&id).into(), name.into(), hash.into(), scopes.join("\n").into(), at.as_millisecond().into()],
    )?;
    let token = format!("{PREFIX}{id}_{secret}");
    let key = Key { id, name: name.to_owned(), scopes, created_at: at, revoked_at: None, used_at: None };
    Ok(Issued { key, token })
}

/// All keys, revoked ones too, in the order of their names.
///
/// # Errors
/// The store cannot be read.
pub fn list(tx: &mut Transaction<'_>) -> Result<Vec<Key>, StoreError> {
    let rows = tx.query(
        "SELECT id, name, scopes, created_at, revoked_at, used_at FROM access_keys ORDER BY name LIMIT ?1",
        &[MOST.into()],
    )?;
    rows.iter().map(key).collect()
}

fn key(row: &Row) -> Result<Key, StoreError> {
    Ok(Key {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        scopes: row.text(2)?.lines().map(str::to_owned).collect(),
        created_at: moment(row.integer(3)?)?,
        revoked_at: row.optional_integer(4)?.map(moment).transpose()?,
        used_at: row.optional_integer(5)?.map(moment).transpose()?,
    })
}

/// Revokes the key of a name. Whoever revokes it twice is told when that was.
///
/// # Errors
/// Nobody of that name has a key; it was revoked before; the store did not take it.
pub fn revoke(tx: &mut Transaction<'_>, name: &str, at: Timestamp) -> Result<(), KeyError> {
    let name = name.trim();
    let changed = tx.execute(
        "UPDATE access_keys SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL",
        &[name.into(), at.as_millisecond().into()],
    )?;
    if changed > 0 {
        return Ok(());
    }
    let keys = list(tx)?;
    if keys.iter().any(|key| key.name == name) {
        return Err(KeyError::Refused(say!("“{name}”的密钥早已吊销", "the key of `{name}` was revoked before")));
    }
    let (zh, en) = nearest(name, keys.iter().map(|key| key.name.as_str()))
        .map(|near| (format!("，是否想写“{near}”？"), format!(": did you mean `{near}`?")))
        .unwrap_or_default();
    Err(KeyError::Refused(say!(
        "没有名为“{name}”的密钥{zh}全部密钥：jiesu keys list",
        "nobody called `{name}` has a key{en} All keys: jiesu keys list"
    )))
}

fn checked_name(name: &str) -> Result<&str, KeyError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(KeyError::Refused(say!(
            "密钥的名称应有 1 到 {LONGEST_NAME} 个字，例如使用者的姓名或系统名",
            "the name of a key has 1 to {LONGEST_NAME} characters, such as that of a person or a system"
        )));
    }
    if RESERVED.contains(&name) {
        return Err(KeyError::Refused(say!(
            "“{name}”是程序自己用的名称，请换一个",
            "`{name}` is a name of the program's own: take another"
        )));
    }
    Ok(name)
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], KeyError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn moment(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Who holds a key, and how much of its rate is left.
struct Holder {
    actor: Actor,
    hash: String,
    bucket: Mutex<Bucket>,
    /// When it was last used, and when that was last noted; milliseconds since 1970, 0 for never.
    used: AtomicI64,
    noted: AtomicI64,
}

/// What a server knows of the keys.
struct Known {
    /// By id; those alone that were not revoked.
    holders: HashMap<String, Arc<Holder>>,
    /// The same by name.
    names: HashMap<String, Arc<Holder>>,
    /// Whether no key was ever made: a store whose keys were all revoked is not an open one.
    none_ever: bool,
}

/// The keys that a server knows, in memory. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<ArcSwap<Known>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("count", &self.0.load().holders.len()).finish()
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no such key, or it was revoked.
    Unknown,
    /// The key is used more often than it may be: to be tried again after this time.
    TooOften(Duration),
}

impl Keys {
    /// No key at all, for a server without a store.
    pub fn none() -> Keys {
        Keys(Arc::new(ArcSwap::from_pointee(Known { holders: HashMap::new(), names: HashMap::new(), none_ever: true })))
    }

    /// The keys of a store. Blocks.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn load(store: &Store) -> Result<Keys, StoreError> {
        let keys = Keys::none();
        let rows = store.read_blocking(rows)?;
        keys.take(&rows)?;
        Ok(keys)
    }

    /// Whether no key was ever made.
    pub fn none_ever(&self) -> bool {
        self.0.load().none_ever
    }

    /// Whether somebody who was let in still would be, with the same scopes: for answers that have no end.
    pub fn still_admits(&self, actor: &Actor) -> bool {
        let known = self.0.load();
        known.none_ever || known.names.get(&actor.name).is_some_and(|holder| holder.actor == *actor)
    }

    /// Looks at the store again: new keys are let in, revoked ones are not any more, and the use of keys is noted. When
    /// the store cannot be read everything stays as it was.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let uses = self.uses();
        if !uses.is_empty() {
            store.write(move |tx| note(tx, &uses)).await?;
        }
        self.take(&store.read(rows).await?)
    }

    /// Who comes with this key (the whole of it, as it was shown), at `now`; one request is taken off what `rate` allows.
    ///
    /// # Errors
    /// See [`Denied`].
    pub fn admit(&self, token: &str, now: Timestamp, rate: Option<Rate>) -> Result<Actor, Denied> {
        let known = self.0.load();
        let holder = token
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .and_then(|(id, secret)| known.holders.get(id).map(|holder| (holder, secret)));
        let (holder, secret) = holder.ok_or(Denied::Unknown)?;
        // Compared in constant time, so that how long it takes tells nothing of the hash.
        if !bool::from(hex(&digest(secret)).as_bytes().ct_eq(holder.hash.as_bytes())) {
            return Err(Denied::Unknown);
        }
        let millis = now.as_millisecond();
        holder.used.fetch_max(millis, Ordering::Relaxed);
        if let Some(rate) = rate {
            // Nothing panics while it holds a bucket.
            let mut bucket = holder.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.take(rate, millis).map_err(Denied::TooOften)?;
        }
        Ok(holder.actor.clone())
    }

    /// What of the use of keys is to be noted: id and moment.
    fn uses(&self) -> Vec<(String, i64)> {
        let known = self.0.load();
        let due = |holder: &Holder| {
            let (used, noted) = (holder.used.load(Ordering::Relaxed), holder.noted.load(Ordering::Relaxed));
            let due = used >= noted.saturating_add(NOTE_EVERY_MS);
            due.then(|| {
                holder.noted.store(used, Ordering::Relaxed);
                used
            })
        };
        known.holders.iter().filter_map(|(id, holder)| Some((id.clone(), due(holder)?))).collect()
    }

    fn take(&self, rows: &[Row]) -> Result<(), StoreError> {
        let old = self.0.load();
        let mut holders = HashMap::new();
        for row in rows {
            let (id, hash, revoked) = (row.text(0)?, row.text(2)?, row.optional_integer(4)?);
            // A scope that this version does not know allows nothing.
            let scopes: Vec<Scope> = row.text(3)?.lines().filter_map(|scope| Scope::parse(scope).ok()).collect();
            let actor = Actor::new(row.text(1)?, &scopes);
            if revoked.is_some() {
                continue;
            }
            let same = old.holders.get(id).filter(|holder| holder.hash == hash && holder.actor == actor);
            let holder = same.cloned().unwrap_or_else(|| {
                let (used, noted) = (AtomicI64::new(0), AtomicI64::new(0));
                Arc::new(Holder { actor, hash: hash.to_owned(), bucket: Mutex::default(), used, noted })
            });
            holders.insert(id.to_owned(), holder);
        }
        let names = holders.values().map(|holder| (holder.actor.name.clone(), Arc::clone(holder))).collect();
        self.0.store(Arc::new(Known { holders, names, none_ever: rows.is_empty() }));
        Ok(())
    }
}

fn rows(tx: &mut Transaction<'_>) -> Result<Vec<Row>, StoreError> {
    tx.query("SELECT id, name, hash, scopes, revoked_at FROM access_keys LIMIT ?1", &[MOST.into()])
}

fn note(tx: &mut Transaction<'_>, uses: &[(String, i64)]) -> Result<(), StoreError> {
    for (id, at) in uses {
        tx.execute(
            "UPDATE access_keys SET used_at = ?2 WHERE id = ?1 AND (used_at IS NULL OR used_at < ?2)",
            &[id.into(), (*at).into()],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
