//! The same action asked for again, with a key: done once for each ticket.

use jiesu::tickets::{Action, Refusal};
use serde_json::json;

use crate::deadlines::id;
use crate::hotline::{Hotline, Place, STALLS, complaint, dispatcher, of, without_repeats};

#[test]
fn an_action_with_a_key_is_done_once_for_each_ticket() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let tickets: Vec<String> = (0..3).map(|_| id(&hotline.file(complaint(STALLS)))).collect();
        let chase = || -> Action { serde_json::from_value(json!({"action": "chase"})).unwrap() };
        let done = |ticket: &str, action: Action, key: Option<&str>| {
            hotline.wait(hotline.tickets.act_once(ticket, action, None, &dispatcher(), key.map(str::to_owned)))
        };
        for (again, expect) in [(false, 1), (true, 1)] {
            for ticket in &tickets {
                let (shown, repeated) = done(ticket, chase(), Some("k-1")).unwrap();
                assert_eq!((repeated, &shown["chases"]), (again, &json!(expect)), "{ticket}");
            }
        }
        // Another key, and none at all, is another request.
        assert_eq!(done(&tickets[0], chase(), Some("k-2")).unwrap().0["chases"], 2);
        assert_eq!(done(&tickets[0], chase(), None).unwrap().0["chases"], 3);
        let note: Action = serde_json::from_value(json!({"action": "note", "text": "看过"})).unwrap();
        let other = done(&tickets[0], note.clone(), Some("k-1")).unwrap_err();
        assert!(matches!(other, Refusal::KeyReused), "{other:?}");
        // What was refused may be asked for again with the same key.
        let police = of("police");
        let refused =
            hotline.wait(hotline.tickets.act_once(&tickets[1], note.clone(), None, &police, Some("k-3".to_owned())));
        assert!(matches!(refused, Err(Refusal::NoTicket)), "{refused:?}");
        hotline.done(
            &tickets[1],
            json!({"action": "dispatch", "assignments": [{"department": "police"}]}),
            &dispatcher(),
        );
        let (_, again) =
            hotline.wait(hotline.tickets.act_once(&tickets[1], note, None, &police, Some("k-3".to_owned()))).unwrap();
        assert!(!again);
        crate::agreement::of_all(&hotline);
    }
}

#[test]
fn the_same_action_many_times_at_one_moment_is_done_once() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let ticket = id(&hotline.file(complaint(STALLS)));
        let tickets = &hotline.tickets;
        let done = hotline.wait(async {
            let tasks: Vec<_> = (0..12)
                .map(|_| {
                    let (tickets, ticket) = (tickets.clone(), ticket.clone());
                    let chase: Action = serde_json::from_value(json!({"action": "chase"})).unwrap();
                    let key = Some("k-1".to_owned());
                    tokio::spawn(async move { tickets.act_once(&ticket, chase, None, &dispatcher(), key).await })
                })
                .collect();
            let mut done = 0;
            for task in tasks {
                let (_, again) = task.await.unwrap().unwrap_or_else(|refusal| panic!("{}", refusal.message().en));
                done += usize::from(!again);
            }
            done
        });
        assert_eq!((done, &hotline.get(&ticket)["chases"]), (1, &json!(1)));
    }
}
