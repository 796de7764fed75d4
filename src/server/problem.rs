//! Everything that can go wrong at the edge, as problem documents (RFC 9457).
//!
//! A handler gives a [`Problem`]; what it looks like in the caller's language is worked out once, on the way out
//! ([`rendered`]), so that no handler has to know the language.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::decide::ComplaintError;
use crate::say;
use crate::source::{Diagnostic, Lang, Message, Position, Severity, nearest};
use crate::store::StoreError;
use crate::tickets::Refusal;

/// The media type of a problem document.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// The known name that was probably meant by one that a caller gave.
pub(super) fn near<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    nearest(given, known).map(str::to_owned)
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $status:ident, $zh:literal, $en:literal;)*) => {
        /// The kinds of problems. A name keeps its meaning for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds, as the document of the API lists them.
            pub(super) const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The last part of its `type`.
            pub(super) fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// The HTTP status that goes with it.
            pub(super) fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status,)* }
            }

            /// What it is in general.
            pub(super) fn title(self) -> Message {
                match self { $(Kind::$kind => say!($zh, $en),)* }
            }
        }
    };
}

kinds! {
    /// The body is not UTF-8.
    InvalidUtf8 = "invalid-utf8", BAD_REQUEST, "请求体不是 UTF-8 文本", "The body is not UTF-8";
    /// The body is not JSON.
    InvalidJson = "invalid-json", BAD_REQUEST, "请求体不是合法的 JSON", "The body is not JSON";
    /// The body ended before it was complete.
    IncompleteBody = "incomplete-body", BAD_REQUEST, "请求体没有传完", "The body is incomplete";
    /// Something in the query string is not understood.
    InvalidQuery = "invalid-query", BAD_REQUEST, "网址参数有误", "The query string is wrong";
    /// No key, or none that is known.
    Unauthorized = "unauthorized", UNAUTHORIZED, "需要有效的密钥", "A valid key is needed";
    /// Asked for by a page of another site.
    CrossSite = "cross-site", FORBIDDEN, "不接受其他网站页面发起的操作", "Not for pages of other sites";
    /// The key does not allow it.
    Forbidden = "forbidden", FORBIDDEN, "密钥没有这项权限", "The key does not allow this";
    /// There is nothing at this address.
    NotFound = "not-found", NOT_FOUND, "没有这个地址", "There is nothing here";
    /// There is no such ticket, or not for this key.
    NoTicket = "no-ticket", NOT_FOUND, "没有这个工单", "There is no such ticket";
    /// The address does not understand this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "这个地址不支持该方法", "Method not allowed";
    /// The body did not arrive in time.
    RequestTimeout = "request-timeout", REQUEST_TIMEOUT, "请求没有按时传完", "The request took too long to arrive";
    /// Not while the ticket is where it stands.
    NotNow = "not-now", CONFLICT, "工单当前状态不允许", "Not in the ticket's state";
    /// Somebody else has the ticket in hand.
    Claimed = "claimed", CONFLICT, "工单正由别人处理", "Somebody else has it in hand";
    /// The bundle's folder was refused; the last good one goes on serving.
    BundleRefused = "bundle-refused", CONFLICT, "新的规则包被拒绝，继续使用原来的", "The bundle was refused";
    /// The ticket is not what the caller saw any more.
    Changed = "changed", PRECONDITION_FAILED, "工单已被改动", "The ticket has changed";
    /// The body is larger than is read.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "请求体太大", "The body is too large";
    /// The body is not declared as JSON in UTF-8.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "只接受 UTF-8 的 JSON", "Only JSON in UTF-8";
    /// The key of a repeated request was used for another one.
    KeyReused = "key-reused", UNPROCESSABLE_ENTITY, "幂等键已用于别的请求", "The idempotency key was used before";
    /// The body is JSON, and no object.
    NotAnObject = "not-an-object", UNPROCESSABLE_ENTITY, "应为一个 JSON 对象", "Not a JSON object";
    /// A field that means nothing.
    UnknownField = "unknown-field", UNPROCESSABLE_ENTITY, "有不认识的字段", "Unknown field";
    /// A field stands twice.
    DuplicateField = "duplicate-field", UNPROCESSABLE_ENTITY, "字段重复", "Duplicate field";
    /// A field that must be there is not.
    MissingField = "missing-field", UNPROCESSABLE_ENTITY, "缺少字段", "Missing field";
    /// A field's value cannot be used.
    InvalidField = "invalid-field", UNPROCESSABLE_ENTITY, "字段的值有误", "A field's value is wrong";
    /// A field names something that the bundle does not have.
    UnknownName = "unknown-name", UNPROCESSABLE_ENTITY, "规则包里没有这个名称", "The bundle has no such name";
    /// Nothing can be read in the text.
    EmptyText = "empty-text", UNPROCESSABLE_ENTITY, "文字为空", "The text is empty";
    /// More characters than are read.
    TextTooLong = "text-too-long", UNPROCESSABLE_ENTITY, "文字太长", "The text is too long";
    /// More complaints than one batch may have.
    TooManyItems = "too-many-items", UNPROCESSABLE_ENTITY, "条数太多", "Too many items";
    /// The address speaks WebSocket, and this was no request for it.
    UpgradeRequired = "upgrade-required", UPGRADE_REQUIRED, "这个地址只接受 WebSocket 连接", "This address speaks WebSocket";
    /// The key is used more often than it may be.
    TooManyRequests = "too-many-requests", TOO_MANY_REQUESTS, "请求太频繁", "Too many requests";
    /// A mistake of this program.
    Internal = "internal-error", INTERNAL_SERVER_ERROR, "服务内部错误", "Internal error";
    /// More at once than can be kept.
    Busy = "busy", SERVICE_UNAVAILABLE, "服务繁忙", "Too busy";
    /// The store did not take it.
    StoreUnavailable = "store-unavailable", SERVICE_UNAVAILABLE, "数据库暂不可用", "The store is not available";
    /// Tickets are not kept here.
    TicketsOff = "tickets-off", SERVICE_UNAVAILABLE, "本服务没有启用工单", "Tickets are not kept here";
    /// The answer was not ready in time.
    TimeLimit = "time-limit", GATEWAY_TIMEOUT, "没有按时得出结果", "The answer took too long";
}

/// Something that went wrong, in both languages. Boxed: nearly every answer is none.
#[derive(Clone, Debug)]
pub(super) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    detail: Message,
    place: Place,
    diagnostics: Vec<Diagnostic>,
    /// Seconds after which to try again.
    retry_after: Option<u32>,
}

/// What exactly a problem is about; only what is known is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemPlace)]
pub(super) struct Place {
    /// The field, or the parameter of the query string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "txet")]
    pub(super) field: Option<String>,
    /// The known name that is nearest to the one given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "text")]
    pub(super) nearest: Option<String>,
    /// The most that is allowed: bytes of a body, characters of a text, or items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) most: Option<usize>,
    /// The line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    /// The column of the body in bytes, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<usize>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// Which kind of problem: `urn:jiesu:problem:` and its name.
    #[schema(example = "urn:jiesu:problem:unknown-field")]
    r#type: String,
    /// What this kind of problem is in general, in the caller's language.
    #[schema(example = "有不认识的字段")]
    title: String,
    /// The HTTP status; in a batch, the one that this item alone would have had.
    #[schema(example = 422)]
    pub(super) status: u16,
    /// What is wrong here and what to do, in the caller's language.
    #[schema(example = "没有“txet”这个字段，是否想写“text”？")]
    detail: String,
    #[serde(flatten)]
    place: Place,
    /// What is wrong with a bundle that was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<Finding>,
}

/// One finding about one place in a bundle's files.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Finding {
    /// A stable code.
    #[schema(example = "J021")]
    code: &'static str,
    /// The code's name.
    #[schema(example = "unknown-reference")]
    name: &'static str,
    /// `error` refuses the bundle, `warning` does not.
    severity: &'static str,
    /// What is wrong.
    message: String,
    /// What to say at the place, such as the name that was probably meant.
    label: Option<String>,
    /// What else to know, and what to do.
    notes: Vec<String>,
    /// The file, relative to the bundle.
    path: String,
    /// Line, from 1.
    line: Option<usize>,
    /// Column in characters, from 1.
    column: Option<usize>,
}

impl Finding {
    /// A diagnostic in one language.
    pub(super) fn new(diagnostic: &Diagnostic, lang: Lang) -> Finding {
        let position = diagnostic.position();
        Finding {
            code: diagnostic.code.id(),
            name: diagnostic.code.name(),
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: diagnostic.message.in_lang(lang).to_owned(),
            label: diagnostic.label.as_ref().map(|label| label.in_lang(lang).to_owned()),
            notes: diagnostic.notes.iter().map(|note| note.in_lang(lang).to_owned()).collect(),
            path: diagnostic.path.clone(),
            line: position.map(|Position { line, .. }| line),
            column: position.map(|Position { column, .. }| column),
        }
    }
}

impl ProblemDocument {
    /// The HTTP status that it goes with.
    pub(super) fn status(&self) -> u16 {
        self.status
    }
}

impl Problem {
    /// A problem with what to tell the caller.
    pub(super) fn new(kind: Kind, detail: Message) -> Problem {
        Problem(Box::new(Parts {
            kind,
            detail,
            place: Place::default(),
            diagnostics: Vec::new(),
            // What is too much now may not be in a moment.
            retry_after: (kind.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
        }))
    }

    /// The same with what exactly it is about.
    pub(super) fn at(mut self, place: Place) -> Problem {
        self.0.place = place;
        self
    }

    /// The same about a field.
    pub(super) fn of_field(self, field: &str) -> Problem {
        self.at(Place { field: Some(field.to_owned()), ..Place::default() })
    }

    /// The same with what is wrong with a bundle.
    pub(super) fn with_diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Problem {
        self.0.diagnostics = diagnostics;
        self
    }

    /// The same with when to try again, in seconds.
    pub(super) fn retry_after(mut self, seconds: u32) -> Problem {
        self.0.retry_after = Some(seconds);
        self
    }

    /// There is nothing at this address.
    pub(super) fn not_found() -> Problem {
        Problem::new(Kind::NotFound, say!("全部接口见 /docs", "all addresses are listed in /docs"))
    }

    /// The address does not understand the method.
    pub(super) fn method_not_allowed() -> Problem {
        let detail = say!("可用的方法见响应头 Allow", "the header Allow names the methods that are");
        Problem::new(Kind::MethodNotAllowed, detail)
    }

    /// A mistake of this program. What it was is not told: it may hold somebody's words.
    pub(super) fn internal() -> Problem {
        let detail =
            say!("请把响应头 x-request-id 告诉运维人员", "tell the operator the value of the header x-request-id");
        Problem::new(Kind::Internal, detail)
    }

    /// The answer was not ready in time.
    pub(super) fn time_limit() -> Problem {
        let detail = say!(
            "没有在时限内得出结果；批量请求请减少条数",
            "no answer within the time limit: send fewer items at once"
        );
        Problem::new(Kind::TimeLimit, detail)
    }

    /// What kind it is.
    pub(super) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The document in one language.
    pub(super) fn document(&self, lang: Lang) -> ProblemDocument {
        let Parts { kind, detail, place, diagnostics, .. } = &*self.0;
        ProblemDocument {
            r#type: format!("urn:jiesu:problem:{}", kind.name()),
            title: kind.title().in_lang(lang).to_owned(),
            status: kind.status().as_u16(),
            detail: detail.in_lang(lang).to_owned(),
            place: place.clone(),
            diagnostics: diagnostics.iter().map(|diagnostic| Finding::new(diagnostic, lang)).collect(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let detail = refusal.message();
        match refusal {
            Refusal::Complaint(error) => error.into(),
            Refusal::Invalid { field, .. } => Problem::new(Kind::InvalidField, detail).of_field(field),
            Refusal::NoTicket => Problem::new(Kind::NoTicket, detail),
            Refusal::Forbidden { .. } => Problem::new(Kind::Forbidden, detail),
            Refusal::NotNow { .. } | Refusal::NoAssignment { .. } => Problem::new(Kind::NotNow, detail),
            Refusal::Changed { .. } => Problem::new(Kind::Changed, detail),
            Refusal::Claimed { .. } => Problem::new(Kind::Claimed, detail),
            Refusal::KeyReused => Problem::new(Kind::KeyReused, detail).of_field("Idempotency-Key"),
            Refusal::Store(StoreError::Busy) => Problem::new(Kind::Busy, detail),
            Refusal::Store(error) => {
                // What the database says may be of use to the operator, and holds no value of a row.
                tracing::error!(%error, "store");
                Problem::new(Kind::StoreUnavailable, detail)
            }
        }
    }
}

impl From<ComplaintError> for Problem {
    fn from(error: ComplaintError) -> Problem {
        let detail = error.message();
        match error {
            ComplaintError::Empty => Problem::new(Kind::EmptyText, detail).of_field("text"),
            ComplaintError::TooLong { field, most, .. } => Problem::new(Kind::TextTooLong, detail).at(Place {
                field: Some(field.to_owned()),
                most: Some(most),
                ..Place::default()
            }),
        }
    }
}

impl IntoResponse for Problem {
    /// Without a body yet: [`rendered`] writes it on the way out.
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status().into_response();
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.0.kind.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A response as it goes out: the body of a problem is written in the caller's language.
pub(super) fn rendered(mut response: Response, lang: Lang) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    // Serialising strings and numbers cannot fail; should it, the status still tells.
    let body = serde_json::to_vec(&problem.document(lang)).unwrap_or_default();
    let (mut head, _) = response.into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    head.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(head, body.into())
}
