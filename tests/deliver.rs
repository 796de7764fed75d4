//! Webhooks: what reaches a receiver, what becomes of what does not, and where nothing is ever sent. Receivers are real
//! sockets; the clock is turned by hand, so that hours pass in moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/bundle.rs"]
mod bundle;
#[path = "deliver/desk.rs"]
mod desk;
#[path = "deliver/edge.rs"]
mod edge;
#[path = "deliver/oracle.rs"]
mod oracle;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "deliver/receiver.rs"]
mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::{Duration, Instant};

use jiesu::deliver::{FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT};
use jiesu::store::{StoreError, Transaction};
use jiff::SignedDuration;

use desk::{Desk, GAS, WATER, within};
use postgres::Postgres;
use receiver::{OK, Receiver, Reply};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// What the outbox holds on to a message for.
const LEASE: SignedDuration = SignedDuration::from_secs(61);

/// A desk whose water department has a webhook at a receiver.
fn desk_at(receiver: &Receiver) -> Desk {
    Desk::with(&[(WATER, receiver.url())])
}

/// The databases that a test is run on: a file, and PostgreSQL where it is installed.
fn databases() -> Vec<Option<&'static Postgres>> {
    [None].into_iter().chain(Postgres::shared().map(Some)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_an_envelope_with_a_signature() {
    let receiver = Receiver::always(OK);
    let desk = desk_at(&receiver);
    let id = desk.ticket(&[WATER], 0).await;
    assert_eq!(desk.deliverer().deliver_due().await, 1);
    assert!(desk.pending().await.is_empty() && desk.dead().await.is_empty());
    let seen = receiver.seen().remove(0);
    assert_eq!(seen.path, "/hook?unit=1");
    assert_eq!(seen.header("host"), receiver.address.to_string());
    assert_eq!(seen.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(seen.header("webhook-timestamp"), desk.now().as_second().to_string());
    assert!(seen.header("webhook-signature").starts_with("v1,"));
    let event = seen.event();
    assert_eq!(event["id"], seen.id());
    assert_eq!(event["subject"], id);
    assert_eq!(event["type"], "cn.jiesu.ticket.dispatched");
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["data"]["ticket"], id);
    assert_eq!(event["data"]["assignments"][0]["department"], WATER);
    // Delivered once, and never again.
    desk.pass(SignedDuration::from_hours(5));
    assert_eq!(desk.deliverer().deliver_due().await, 0);
    assert_eq!(desk.tickets.deliveries().delivered(), 1);
}

/// What one answer makes of a message: whether it is delivered, tried again or dead, and why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_decides_what_becomes_of_a_message() {
    let elsewhere = Receiver::always(OK);
    let redirect: &'static str = Box::leak(format!("location: {}\r\n", elsewhere.url()).into_boxed_str());
    for (reply, expect) in [
        (Reply::Status(200, ""), "delivered"),
        (Reply::Status(204, ""), "delivered"),
        (Reply::Status(299, ""), "delivered"),
        (Reply::Status(301, redirect), "pending: status 301"),
        (Reply::Status(302, redirect), "pending: status 302"),
        (Reply::Status(307, redirect), "pending: status 307"),
        (Reply::Status(304, ""), "pending: status 304"),
        (Reply::Status(400, ""), "pending: status 400"),
        (Reply::Status(401, ""), "pending: status 401"),
        (Reply::Status(404, ""), "pending: status 404"),
        (Reply::Status(410, ""), "dead: gone"),
        (Reply::Status(429, ""), "pending: status 429"),
        (Reply::Status(500, ""), "pending: status 500"),
        (Reply::Status(503, "retry-after: nonsense\r\n"), "pending: status 503"),
        (Reply::Bytes(b""), "pending: broken"),
        (Reply::Bytes(b"not HTTP at all\r\n\r\n"), "pending: broken"),
        (Reply::Bytes(b"HTTP/1.1 2"), "pending: broken"),
        (Reply::EndlessHead, "pending: broken"),
    ] {
        let receiver = Receiver::always(reply.clone());
        let desk = desk_at(&receiver);
        desk.ticket(&[WATER], 0).await;
        assert_eq!(desk.deliverer().deliver_due().await, 1);
        let (waiting, dead) = (desk.pending().await, desk.dead().await);
        let shown = match (waiting.first(), dead.first()) {
            (Some(waiting), None) => format!("pending: {}", waiting.error.as_deref().unwrap()),
            (None, Some(dead)) => format!("dead: {}", dead.error.as_deref().unwrap()),
            _ => "delivered".to_owned(),
        };
        assert!(shown.starts_with(expect), "{reply:?} gives {shown}");
        assert_eq!(receiver.seen().len(), 1, "{reply:?}");
    }
    assert!(elsewhere.seen().is_empty(), "a redirect was followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_is_not_read_and_a_slow_one_not_waited_for() {
    for reply in [Reply::Endless(200), Reply::Slow(200)] {
        let receiver = Receiver::always(reply.clone());
        let desk = desk_at(&receiver);
        desk.ticket(&[WATER], 0).await;
        let started = Instant::now();
        assert_eq!(desk.deliverer().deliver_due().await, 1);
        assert!(started.elapsed() < Duration::from_secs(5), "{reply:?} took {:?}", started.elapsed());
        assert!(desk.pending().await.is_empty(), "{reply:?}");
        // What the sockets hold, and no more.
        assert!(receiver.written() < 20 << 20, "{} bytes", receiver.written());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_failures_ends_in_one_delivery_in_order() {
    for database in databases() {
        failing(database).await;
    }
}

async fn failing(database: Option<&Postgres>) {
    let broken_until = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let own = std::sync::Arc::clone(&broken_until);
    let receiver =
        Receiver::answering(
            move |_, _| {
                if own.load(std::sync::atomic::Ordering::Relaxed) { Reply::Status(500, "") } else { OK }
            },
        );
    let desk = Desk::on(database, &[(WATER, receiver.url())]);
    let id = desk.ticket(&[WATER], 2).await;
    let deliverer = desk.deliverer();
    let mut at = Vec::new();
    for _ in 0..720 {
        if deliverer.deliver_due().await > 0 {
            at.push(desk.now());
        }
        desk.pass(SignedDuration::from_secs(5));
    }
    let ids = receiver.ids();
    assert!(ids.iter().all(|seen| *seen == ids[0]), "those behind the first wait for it: {ids:?}");
    assert!((8..40).contains(&ids.len()), "{} attempts in an hour", ids.len());
    for (n, pair) in at.windows(2).enumerate() {
        let ceiling = (FIRST_WAIT.as_secs() << n).min(LONGEST_WAIT.as_secs());
        let waited = pair[1].duration_since(pair[0]).as_secs();
        assert!(waited <= ceiling + 5, "after attempt {}: {waited} s, at the most {ceiling}", n + 1);
    }
    broken_until.store(false, std::sync::atomic::Ordering::Relaxed);
    for _ in 0..80 {
        deliverer.deliver_due().await;
        desk.pass(MINUTE);
    }
    let after = receiver.seen().split_off(ids.len());
    let events: Vec<_> = after.iter().map(|seen| seen.event()["data"]["event"].as_u64().unwrap()).collect();
    assert_eq!(events.len(), 3, "each once");
    assert!(events.is_sorted(), "{events:?}");
    assert_eq!(after[0].id(), ids[0], "the same id at every attempt");
    assert!(after.iter().all(|seen| seen.event()["subject"] == id));
    // Every attempt said the same, word for word.
    let bodies: BTreeSet<String> = receiver.seen().iter().take(ids.len() + 1).map(|seen| seen.body.clone()).collect();
    assert_eq!(bodies.len(), 1);
    assert!(desk.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_is_left_alone_for_as_long_as_it_asks_within_bounds() {
    for (head, asked) in [("retry-after: 600\r\n", 600), ("retry-after: 9999999\r\n", 3_600)] {
        let receiver = Receiver::answering(move |_, n| if n == 0 { Reply::Status(503, head) } else { OK });
        let desk = desk_at(&receiver);
        desk.ticket(&[WATER], 0).await;
        let deliverer = desk.deliverer();
        deliverer.deliver_due().await;
        desk.pass(SignedDuration::from_secs(asked - 1));
        assert_eq!(deliverer.deliver_due().await, 0, "{head}");
        desk.pass(SignedDuration::from_secs(2));
        assert_eq!(deliverer.deliver_due().await, 1, "{head}");
        assert_eq!(receiver.seen().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_received_for_three_days_is_dead_and_can_be_sent_again() {
    let mended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let own = std::sync::Arc::clone(&mended);
    let receiver =
        Receiver::answering(
            move |_, _| {
                if own.load(std::sync::atomic::Ordering::Relaxed) { OK } else { Reply::Status(500, "") }
            },
        );
    let desk = desk_at(&receiver);
    desk.ticket(&[WATER], 0).await;
    let (deliverer, began) = (desk.deliverer(), desk.now());
    while desk.dead().await.is_empty() {
        deliverer.deliver_due().await;
        desk.pass(MINUTE * 10);
        assert!(desk.now().duration_since(began) <= GIVE_UP_AFTER + LONGEST_WAIT, "tried for too long");
    }
    let dead = desk.dead().await.remove(0);
    assert!(dead.next_at.duration_since(began) > GIVE_UP_AFTER - LONGEST_WAIT * 2, "given up too soon");
    assert_eq!((dead.error.as_deref(), dead.attempts as usize), (Some("status 500"), receiver.seen().len()));
    mended.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(deliverer.deliver_due().await, 0, "dead is dead");
    let actor = jiesu::access::Actor::system();
    assert_eq!(desk.tickets.outbox().replay(Some("nothing"), &actor).await.unwrap(), 0);
    assert_eq!(desk.tickets.outbox().replay(Some(&dead.message), &actor).await.unwrap(), 1);
    assert_eq!(deliverer.deliver_due().await, 1);
    assert_eq!(receiver.ids().last(), Some(&dead.message));
    assert!(desk.dead().await.is_empty() && desk.pending().await.is_empty());
}

/// Where nothing is sent, whoever wrote the address; and what allows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_private_address_unless_it_is_allowed() {
    let receiver = Receiver::always(OK);
    let port = receiver.address.port();
    let url = |host: &str| format!("http://{host}:{port}/hook");
    for (url, allowed, expect) in [
        (url("127.0.0.1"), "", "not-public 127.0.0.1"),
        (url("localhost"), "", "not-public"),
        (url("[::1]"), "", "not-public ::1"),
        (url("[::ffff:127.0.0.1]"), "", "not-public"),
        (url("0.0.0.0"), "", "not-public"),
        // Other ways to write 127.0.0.1, which the system's resolver understands.
        (url("127.1"), "", "not-public"),
        (url("2130706433"), "", "not-public"),
        (url("0x7f.0.0.1"), "", "not-public"),
        (url("169.254.169.254"), "", "not-public"),
        (url("10.0.0.1"), "127.0.0.1", "not-public"),
        (url("user:word@127.0.0.1"), "127.0.0.1", "bad-address"),
        (url("user:word@127.0.0.1"), "user", "bad-address"),
        ("ftp://127.0.0.1/hook".to_owned(), "127.0.0.1", "bad-address"),
        ("file:///etc/passwd".to_owned(), "", "bad-address"),
        ("/hook".to_owned(), "", "bad-address"),
        ("http://".to_owned(), "", "bad-address"),
        (url("127.0.0.1"), "127.0.0.1", "delivered"),
        (url("localhost"), "LOCALHOST", "delivered"),
    ] {
        let desk = Desk::with(&[(WATER, url.clone())]);
        desk.ticket(&[WATER], 0).await;
        let before = receiver.seen().len();
        let deliverer = desk.deliverer_with(|settings| {
            settings.allow_private_targets = false;
            settings.allowed_hosts = vec![allowed.to_owned()];
        });
        deliverer.deliver_due().await;
        let error = desk.dead().await.first().and_then(|dead| dead.error.clone());
        let error = error.unwrap_or_else(|| "delivered".to_owned());
        assert!(error.starts_with(expect), "{url} with `{allowed}` allowed gives {error}");
        assert_eq!(receiver.seen().len() - before, usize::from(expect == "delivered"), "{url}");
        assert!(desk.pending().await.is_empty());
    }
    let desk = desk_at(&receiver);
    desk.ticket(&[WATER], 0).await;
    desk.deliverer_with(|settings| settings.allow_http = false).deliver_due().await;
    assert_eq!(desk.dead().await[0].error.as_deref(), Some("plain-http"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_without_a_secret_gets_nothing_until_it_has_one() {
    let receiver = Receiver::always(OK);
    let desk = desk_at(&receiver);
    desk.ticket(&[WATER], 1).await;
    let bare = desk.deliverer_with(|settings| settings.secrets.clear());
    while bare.deliver_due().await > 0 {}
    let dead = desk.dead().await;
    assert_eq!(dead.iter().map(|dead| dead.error.as_deref()).collect::<Vec<_>>(), [Some("no-secret"); 2]);
    assert!(receiver.seen().is_empty());
    let all = desk.tickets.outbox().replay(None, &jiesu::access::Actor::system()).await.unwrap();
    assert_eq!(all, 2);
    let deliverer = desk.deliverer();
    while deliverer.deliver_due().await > 0 {}
    let mut ids: Vec<String> = dead.iter().map(|dead| dead.message.clone()).collect();
    ids.reverse();
    assert_eq!(receiver.ids(), ids, "the same ids, in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_had_in_hand_is_sent_again_under_its_id() {
    for database in databases() {
        killed(database).await;
    }
}

async fn killed(database: Option<&Postgres>) {
    let receiver = Receiver::answering(|_, n| if n == 0 { Reply::Hang } else { OK });
    let desk = Desk::on(database, &[(WATER, receiver.url())]);
    desk.ticket(&[WATER], 1).await;
    let deliverer = desk.deliverer();
    let running = tokio::spawn(deliverer.run(pending()));
    tokio::task::block_in_place(|| within(Duration::from_secs(5), "sent", || receiver.seen().len() == 1));
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let desk = desk.restarted();
    let deliverer = desk.deliverer();
    assert_eq!(deliverer.deliver_due().await, 0, "it may still be on its way");
    desk.pass(LEASE);
    while deliverer.deliver_due().await > 0 {}
    let ids = receiver.ids();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);
    assert!(desk.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_holds_up_nobody_else() {
    let (hanging, quick) = (Receiver::always(Reply::Hang), Receiver::always(OK));
    let desk = Desk::with(&[(WATER, hanging.url()), (GAS, quick.url())]);
    for _ in 0..20 {
        desk.ticket(&[WATER, GAS], 0).await;
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(desk.deliverer().run(async {
        let _ = stopped.await;
    }));
    let started = Instant::now();
    tokio::task::block_in_place(|| {
        within(Duration::from_secs(8), "the quick one has all", || quick.seen().len() == 20);
    });
    let took = started.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(hanging.seen().len() <= 4, "no more than its share: {}", hanging.seen().len());
    // A new one goes at once.
    desk.ticket(&[GAS], 0).await;
    tokio::task::block_in_place(|| within(Duration::from_secs(2), "the new one", || quick.seen().len() == 21));
    stop.send(()).unwrap();
    running.await.unwrap();
    // Told to stop, it waited for those on their way, which took their ten seconds.
    let tried: Vec<_> = desk.pending().await.into_iter().filter(|waiting| waiting.attempts > 0).collect();
    assert!(tried.len() >= 4 && tried.iter().all(|waiting| waiting.error.as_deref() == Some("timeout")), "{tried:?}");
    assert!(started.elapsed() < Duration::from_secs(25));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deliverers_send_each_message_once_and_no_more_at_once_than_their_share() {
    for database in databases() {
        shared(database).await;
    }
}

async fn shared(database: Option<&Postgres>) {
    let receiver = Receiver::always(OK);
    let desk = Desk::on(database, &[(WATER, receiver.url())]);
    for _ in 0..40 {
        desk.ticket(&[WATER], 2).await;
    }
    let beside = desk.beside();
    let (one, other) = (desk.deliverer(), beside.deliverer());
    let running = [tokio::spawn(one.run(pending())), tokio::spawn(other.run(pending()))];
    tokio::task::block_in_place(|| within(Duration::from_secs(60), "all", || receiver.seen().len() >= 120));
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
    let ids = receiver.ids();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 120);
    assert_eq!(ids.len(), 120, "each once");
    assert!(receiver.most_at_once() <= 8, "{} at once", receiver.most_at_once());
}

/// Whatever fails, the messages of a ticket reach a target in order: a later one is not even tried before an earlier one
/// was received.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_ticket_keep_their_order_through_failures() {
    for database in databases() {
        ordered(database).await;
    }
}

async fn ordered(database: Option<&Postgres>) {
    // Two of five attempts fail, by a hash of what was seen.
    let fails = |id: &str, n: usize| {
        let hash = id
            .bytes()
            .chain(n.to_string().into_bytes())
            .fold(17_u64, |hash, byte| hash * 31 % 1_000_003 + u64::from(byte));
        hash % 5 < 2
    };
    let receiver = Receiver::answering(move |seen, n| if fails(seen.id(), n) { Reply::Status(500, "") } else { OK });
    let desk = Desk::on(database, &[(WATER, receiver.url())]);
    for _ in 0..12 {
        desk.ticket(&[WATER], 4).await;
    }
    let beside = desk.beside();
    let (one, other) = (desk.deliverer(), beside.deliverer());
    for _ in 0..2_000 {
        tokio::join!(one.deliver_due(), other.deliver_due());
        desk.pass(SignedDuration::from_secs(20));
        if desk.pending().await.is_empty() {
            break;
        }
    }
    assert!(desk.pending().await.is_empty());
    let mut tickets: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for seen in receiver.seen() {
        let event = seen.event();
        tickets
            .entry(event["subject"].as_str().unwrap().to_owned())
            .or_default()
            .push(event["data"]["event"].as_u64().unwrap());
    }
    assert_eq!(tickets.len(), 12);
    for (id, events) in tickets {
        assert!(events.is_sorted(), "{id}: {events:?}");
        assert_eq!(events.iter().collect::<BTreeSet<_>>().len(), 5, "{id}: {events:?}");
    }
    assert!(receiver.seen().len() > 60, "nothing failed");
}

/// A clock that was ahead and is set right leaves nothing waiting for the time that it showed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_holds_nothing_up_for_long() {
    let receiver = Receiver::answering(|_, n| if n == 0 { Reply::Status(500, "") } else { OK });
    let desk = desk_at(&receiver);
    let right = desk.now();
    desk.pass(SignedDuration::from_hours(24 * 365));
    desk.ticket(&[WATER], 0).await;
    let deliverer = desk.deliverer();
    deliverer.deliver_due().await;
    desk.set_clock(right);
    assert_eq!(deliverer.deliver_due().await, 0);
    desk.tickets.outbox().tidy().await.unwrap();
    assert_eq!(deliverer.deliver_due().await, 1);
    assert!(desk.pending().await.is_empty());
}

/// However much waits for others, what is due is found at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_costs_nothing_to_those_who_are_not_in_it() {
    for database in databases() {
        let receiver = Receiver::always(OK);
        let desk = Desk::on(database, &[(WATER, receiver.url())]);
        desk.ticket(&[], 0).await;
        let far = desk.now().as_millisecond() + 3_000_000;
        let fill = move |tx: &mut Transaction<'_>| {
            tx.execute(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000)
                 INSERT INTO outbox (message, ticket, event, name, target, state, attempts, since, next_at)
                 SELECT 'm' || n, 1, 1, 'received', 'department:d' || (n % 80), 'pending', 1, 0, CAST(?1 AS BIGINT)
                 FROM n",
                &[far.into()],
            )
        };
        desk.tickets.store().write(fill).await.unwrap_or_else(|error: StoreError| panic!("{error:?}"));
        desk.ticket(&[WATER], 0).await;
        let deliverer = desk.deliverer();
        let started = Instant::now();
        assert_eq!(deliverer.deliver_due().await, 1);
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert_eq!(receiver.seen().len(), 1);
    }
}
