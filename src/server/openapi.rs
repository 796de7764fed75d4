//! All routes, and the document of the API that is made from them.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Info, OpenApi, Ref, RefOr, Response, ResponseBuilder, ResponsesBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admission::Needs;
use super::app::{App, Configuration};
use super::problem::{Kind, MEDIA_TYPE, ProblemDocument};
use super::{
    admission, bundle, bundle_history, calls, console, docs, edge, explain, health, matching, metrics, open311,
    proposals, search, tickets,
};
use crate::access::Scope;
use crate::bundle::Live;
use crate::tickets::Tickets;

/// What no route says by itself.
#[derive(utoipa::OpenApi)]
#[openapi(
    tags(
        (name = "decide", description = "诉求判定：场景、承办单位、时限、答复 / Complaints in, decisions out"),
        (name = "tickets", description = "工单：受理、派单、办理、回访 / Tickets, from the call to the call-back"),
        (name = "knowledge", description = "政策知识、公告与历史案例 / Articles, notices, past cases"),
        (name = "proposals", description = "修改建议：判得不对、知识条目 / Proposals to the editors"),
        (name = "bundle", description = "规则包的状态与重载 / The bundle that answers"),
        (name = "operation", description = "运行状态 / Health and metrics"),
    ),
    components(schemas(ProblemDocument)),
)]
struct Base;

/// What is said of keys.
const KEY: &str = "运维人员用 jiesu keys add 生成；本机试用、还没有密钥时不需要 / \
                   Made with jiesu keys add; none is needed on this machine while there are no keys";

/// All routes with everything around them, ready to be served; for a caller who brings a listener of its own. The limits
/// on connections are those of [`serve`](super::serve).
/// Keys are not looked at again: that too is what `serve` does.
pub fn router(live: Arc<Live>, tickets: Option<Tickets>, configuration: Configuration) -> Router {
    let app = Arc::new(App::new(live, tickets, configuration));
    let (routes, _) = routes().split_for_parts();
    let document = docs::Document::new(&openapi());
    let pages = Router::new()
        .route("/", get(docs::home))
        .route("/docs", get(docs::page))
        .route("/docs/page.js", get(docs::script))
        .route("/docs/page.css", get(docs::style))
        .route("/openapi.json", get(async move || document));
    edge::surrounded(routes.merge(open311::routes()).merge(console::routes()).merge(pages), &app)
}

/// The document of the API (OpenAPI), with every route that programs call and every problem that they may get.
pub fn openapi() -> OpenApi {
    let mut document = routes().into_openapi();
    document.info = Info::new("jiesu 接诉", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(
        "诉求文本进，场景、承办单位、时限和答复出，附依据。位置都是字符序号；除特别注明外时间为 RFC 3339。\n\n\
         The text of a complaint goes in; scenario, department, deadline and reply come out, with the evidence. \
         Positions count characters."
            .to_owned(),
    );
    for (route, path) in &mut document.paths.paths {
        for (method, operation) in [("GET", &mut path.get), ("POST", &mut path.post)] {
            let Some(operation) = operation else { continue };
            let needed = admission::needs(method, route);
            describe_access(operation, needed);
            describe_problems(operation, needed, route);
        }
    }
    close(&mut document);
    let key = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(KEY)).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(key));
    document
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(matching::one))
        .routes(routes!(matching::batch))
        .routes(routes!(explain::explain))
        .routes(routes!(calls::intake))
        .routes(routes!(calls::connect))
        .routes(routes!(search::search))
        .routes(routes!(proposals::draft))
        .routes(routes!(proposals::propose, proposals::list))
        .routes(routes!(proposals::get, proposals::decide))
        .routes(routes!(proposals::patch))
        .routes(routes!(bundle::status))
        .routes(routes!(bundle::reload))
        .routes(routes!(bundle_history::changes))
        .routes(routes!(bundle_history::reloads))
        .routes(routes!(bundle_history::rules))
        .routes(routes!(tickets::submit, tickets::list))
        .routes(routes!(tickets::submit_batch))
        .routes(routes!(tickets::get))
        .routes(routes!(tickets::history))
        .routes(routes!(tickets::act))
        .routes(routes!(tickets::act_on_many))
        .routes(routes!(tickets::callers_tickets))
        .routes(routes!(tickets::attach))
        .routes(routes!(tickets::attachment))
        .routes(routes!(tickets::queue))
        .routes(routes!(tickets::claim_next))
        .routes(routes!(tickets::statistics))
        .routes(routes!(tickets::rules))
        .routes(routes!(tickets::rising))
        .routes(routes!(tickets::hours))
        .routes(routes!(tickets::events))
        .routes(routes!(tickets::erase))
        .routes(routes!(tickets::audit))
        .routes(routes!(tickets::outbox))
        .routes(routes!(tickets::replay))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
}

/// Says of every action that it has no fields but its own, which `utoipa` says of plain objects alone.
fn close(document: &mut OpenApi) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.get_mut("Action"));
    for schema in schemas {
        let RefOr::T(Schema::OneOf(ways)) = schema else { continue };
        for way in &mut ways.items {
            if let RefOr::T(Schema::Object(object)) = way {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}

/// Says which key an operation needs.
fn describe_access(operation: &mut Operation, needed: Needs) {
    let scopes: Vec<String> = match needed {
        Needs::Nothing => return,
        Needs::Key => Vec::new(),
        Needs::One(scopes) => scopes.iter().chain([&Scope::Admin]).map(Scope::to_string).collect(),
    };
    operation.security = Some(vec![SecurityRequirement::new("key", scopes)]);
}

/// Adds the problems that an operation may answer with, one response for each status.
fn describe_problems(operation: &mut Operation, needed: Needs, route: &str) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let reads_body = operation.request_body.is_some();
    let asks = |place: ParameterIn| {
        let is = |own: &RefOr<Parameter>| matches!(own, RefOr::T(own) if own.parameter_in == place);
        operation.parameters.iter().flatten().any(is)
    };
    let (query, header, path) = (asks(ParameterIn::Query), asks(ParameterIn::Header), asks(ParameterIn::Path));
    let of_tickets = operation.tags.iter().flatten().any(|tag| tag == "tickets");
    let of_proposals = operation.tags.iter().flatten().any(|tag| tag == "proposals");
    let of_ticket = of_tickets && route.contains("{id}") && !route.contains("outbox");
    let proposes = id == "propose" || id == "draft_proposal";
    let acts = id == "act_on_ticket" || id == "claim_next";
    let can = |kind: Kind| match kind {
        Kind::Internal | Kind::TimeLimit => true,
        Kind::NotFound => path && !of_ticket,
        Kind::NoTicket => of_ticket,
        Kind::MethodNotAllowed => false,
        Kind::Unauthorized | Kind::Forbidden | Kind::TooManyRequests | Kind::CrossSite => {
            !matches!(needed, Needs::Nothing)
        }
        Kind::BundleRefused => id == "reload",
        Kind::InvalidQuery => query,
        Kind::InvalidField => reads_body || header || ((of_tickets || of_proposals) && query),
        Kind::UpgradeRequired => id == "call",
        Kind::UnknownName => {
            proposes || ["search", "explain", "list_tickets", "statistics", "rising", "hours"].contains(&id.as_str())
        }
        Kind::TooManyItems => proposes || id == "match_batch",
        Kind::NotNow | Kind::Claimed => acts || id == "attach",
        Kind::Changed => id == "act_on_ticket",
        Kind::KeyReused => id == "submit_ticket",
        Kind::Busy | Kind::StoreUnavailable | Kind::TicketsOff => of_tickets || of_proposals,
        _ => reads_body,
    };
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| can(*kind)).collect();
    let mut statuses: Vec<_> = kinds.iter().map(|kind| kind.status()).collect();
    statuses.dedup();
    let responses = statuses.iter().map(|status| {
        let of_status = kinds.iter().filter(|kind| kind.status() == *status);
        let described = of_status.map(|kind| format!("`{}` {} / {}", kind.name(), kind.title().zh, kind.title().en));
        (status.as_str(), problem_response(described.collect::<Vec<_>>().join("; ")))
    });
    let described = ResponsesBuilder::new().responses_from_iter(responses).build();
    operation.responses.responses.extend(described.responses);
}

fn problem_response(description: String) -> RefOr<Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build().into()
}
