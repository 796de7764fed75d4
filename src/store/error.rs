//! What can go wrong with a database, as its callers tell it apart.

use std::fmt;

use crate::say;
use crate::source::Message;

/// Why a job or an opening failed. No variant holds a value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Too much waits, or a lock was not given in time, or two jobs got in each other's way: try again a little later.
    Busy,
    /// The database does not answer: try again later. When it went away during a commit, the job may have happened.
    Unavailable(String),
    /// Another server has the SQLite file open. Holds its path.
    InUse(String),
    /// A row with the same key is there. Holds table and columns, the same on both databases, in the order of the index:
    /// `ticket.external_id`, or `ticket.channel, ticket.external_id`; for an index over an expression `index 'its_name'`.
    Conflict(String),
    /// The disk is full. The store works again by itself once there is room.
    Full,
    /// The database may not be written: a read-only file or disk, a PostgreSQL that only follows another.
    ReadOnly,
    /// The file is damaged or none of ours, or a value is not of the type that it must be. Says what was found.
    Corrupt(String),
    /// A newer program has changed the schema.
    Version {
        /// The version of the database.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The place of a database or a backup cannot be used. Says why and what to do, without the password.
    Address(Message),
    /// PostgreSQL is backed up by its own tools.
    UsePgDump,
    /// Anything else: a wrong statement, an input or output error, a job that panicked. Says what the database said.
    Database(String),
}

impl StoreError {
    /// Whether the same may work a little later without anybody doing anything.
    pub fn is_temporary(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::Unavailable(_) | StoreError::Full)
    }

    /// What to tell the operator.
    pub fn message(&self) -> Message {
        match self {
            StoreError::Busy => say!(
                "数据库正忙，请稍后再试；如果经常这样，请检查磁盘是否太慢，或者有别的程序长时间占用数据库",
                "the database is busy, try again a little later; if this happens often, see whether the disk is slow or \
                 another program keeps the database locked"
            ),
            StoreError::Unavailable(why) => say!(
                "数据库连不上或连接中断（{why}），请确认数据库正在运行、网络通畅；恢复后会自动重连",
                "the database does not answer ({why}); see that it is running and can be reached, it will be connected to \
                 again by itself"
            ),
            StoreError::InUse(path) => say!(
                "数据库文件 {path} 正被另一个 jiesu 服务使用，同一个文件只能由一个服务打开：请先停掉另一个服务，或者换一个文件",
                "the database file {path} is in use by another jiesu server, and only one may open it: stop the other \
                 one first, or name another file"
            ),
            StoreError::Conflict(what) => {
                say!("相同的记录已经存在（{what}）", "the same record is already there ({what})")
            }
            StoreError::Full => say!(
                "磁盘已满，新的内容没有保存：请清理磁盘，腾出空间后会自动恢复",
                "the disk is full and nothing new was kept: make room, it will go on by itself"
            ),
            StoreError::ReadOnly => say!(
                "数据库不能写入：请检查文件和目录的权限、磁盘是否只读；PostgreSQL 请确认连的是主库",
                "the database cannot be written: check the permissions of file and folder and whether the disk is \
                 read-only; with PostgreSQL, that it is the primary"
            ),
            StoreError::Corrupt(what) => say!(
                "数据库内容损坏（{what}）：请停掉服务，把数据库文件另存一份，再用最近的备份恢复",
                "the database is damaged ({what}): stop the server, put the database file aside, and restore the newest \
                 backup"
            ),
            StoreError::Version { found, known } => say!(
                "数据库已被更新版本的 jiesu 升级到第 {found} 版，这个程序只认识到第 {known} 版：请换用更新的 jiesu，或者恢复升级前的备份",
                "a newer jiesu has brought the database to version {found}, and this program knows versions up to \
                 {known}: use the newer jiesu, or restore the backup from before the upgrade"
            ),
            StoreError::Address(message) => message.clone(),
            StoreError::UsePgDump => say!(
                "PostgreSQL 请用它自带的 pg_dump 备份，例如 pg_dump --format=custom --file=备份文件 数据库地址",
                "PostgreSQL is backed up by its own pg_dump, for example: pg_dump --format=custom --file=BACKUP ADDRESS"
            ),
            StoreError::Database(what) => {
                say!("数据库出错，这次操作没有完成：{what}", "the database failed, and nothing was done: {what}")
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().en)
    }
}

impl std::error::Error for StoreError {}
