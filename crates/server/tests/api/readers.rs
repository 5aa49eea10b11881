//! Readers of the event log: everything once, in order, whoever fails.

use crate::kit::{ACME, App, on_both};
use serde_json::json;
use server::readers::{Follower, LogEvent, Reader, cleaning, log};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use store::params;

/// What a reader saw.
type Seen = Arc<Mutex<Vec<String>>>;

fn line(event: &LogEvent) -> String {
    format!("{} {} {}", event.kind, event.resource, event.action)
}

/// A reader that notes what it sees.
fn noting(name: &'static str) -> (Reader, Seen) {
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let reader = Reader::new(name, move |_, events| {
        notes.lock().unwrap().extend(events.iter().map(line));
        Ok(())
    });
    (reader, seen)
}

fn taken(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn a_reader_sees_each_event_once_in_order() {
    on_both(|app| {
        let (reader, seen) = noting("test");
        let task = app.has("task", json!({}));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "other" })).data();
        app.run_reader(&reader);

        let lines = taken(&seen);
        assert_eq!(lines.first(), Some(&format!("task {task} added")));
        assert!(lines.contains(&format!("task {task} changed")), "{lines:?}");

        app.run_reader(&reader);
        assert_eq!(taken(&seen), [""; 0]);

        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        app.run_reader(&reader);
        assert_eq!(taken(&seen), [format!("task {task} deleted")]);
    });
}

#[test]
fn events_carry_whom_they_reach() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));

        app.settle();

        let events = app.block_on(async {
            let start = log::Position::START;
            Follower::new(&app.server, Some(start)).await.unwrap().ready(&app.server).await.unwrap()
        });

        let added = events.iter().find(|event| event.resource.to_string() == task).unwrap();
        let scopes: Vec<String> = added.scopes.iter().map(ToString::to_string).collect();
        for reached in [task.as_str(), project.as_str(), ACME] {
            assert!(scopes.iter().any(|scope| scope == reached), "{reached} in {scopes:?}");
        }
    });
}

#[test]
fn what_a_failing_reader_did_is_undone_and_done_again() {
    on_both(|app| {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let reader = Reader::new("test", move |cx, _| {
            cx.execute("INSERT INTO settings (name, value) VALUES ('test', '1')", &[])?;
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(server::Error::Internal(std::io::Error::other("later").into()));
            }
            Ok(())
        });
        app.has("tag", json!({}));

        let failed = app.block_on(server::readers::cursor::drain(&app.server, &reader));
        app.run_reader(&reader);

        assert!(failed.is_err());
        assert_eq!(tries.load(Ordering::Relaxed), 2);
        let rows =
            app.sql("SELECT count(*) FROM settings AS s WHERE s.name = 'test'", &[], |row| {
                row.get::<i64>(0)
            });
        assert_eq!(rows, [1]);
    });
}

#[test]
fn batches_that_a_reader_does_not_want_are_not_given_to_it() {
    on_both(|app| {
        let (reader, seen) = noting("test");
        let reader = reader.wants(|_, events| Ok(events.iter().any(|event| event.kind == "tag")));
        app.has("task", json!({}));
        app.run_reader(&reader);
        assert_eq!(taken(&seen), [""; 0]);

        let tag = app.has("tag", json!({}));
        app.run_reader(&reader);

        assert!(taken(&seen).contains(&format!("tag {tag} added")));
    });
}

#[test]
fn what_a_reader_emits_has_no_actor() {
    on_both(|app| {
        let tag = app.has("tag", json!({}));
        app.events();
        let about = tag.clone();
        let reader = Reader::new("test", move |cx, events| {
            if events.iter().any(|event| event.actor.is_none()) {
                return Ok(());
            }
            let (tag, _) = cx.find::<server::resources::tags::Tag>("tag", &about)?;
            let mut after = tag.clone();
            after.name = "from a rule".to_owned();
            cx.save(&tag, &after, &engine::Body::default())
        });

        app.run_reader(&reader);

        assert_eq!(app.events(), [format!("tag {tag} changed name by nobody")]);
    });
}

#[test]
fn a_slow_transaction_is_not_passed() {
    let app = App::crowded();
    let (reader, seen) = noting("test");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let store = app.server.store.clone();
    let slow = std::thread::spawn(move || {
        let may_go = Mutex::new(may_go);
        store.write_blocking(move |tx| {
            tx.execute(
                "INSERT INTO events (gid, workspace, at, request_id, resource_type, resource, action, changes) VALUES (1, 101, 0, 'slow', 'slow', 1, 'added', '[]')",
                &[],
            )?;
            begun.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
            Ok::<_, store::Error>(())
        })
    });
    has_begun.recv().unwrap();
    let tag = app.has("tag", json!({}));

    let ready = app.block_on(async {
        let start = Some(log::Position::START);
        Follower::new(&app.server, start).await.unwrap().ready(&app.server).await.unwrap()
    });
    assert_eq!(ready, [], "nothing is read behind a transaction that still runs");

    go.send(()).unwrap();
    slow.join().unwrap().unwrap();
    app.run_reader(&reader);
    assert_eq!(taken(&seen), ["slow 1 added".to_owned(), format!("tag {tag} added")]);
}

#[test]
fn events_are_removed_after_thirty_days() {
    on_both(|app| {
        app.has("tag", json!({}));
        app.tick(cleaning::KEPT_FOR + 1);
        let tag = app.has("tag", json!({ "name": "new" }));

        app.block_on(cleaning::clean(&app.server)).unwrap();

        assert_eq!(app.events(), [format!("tag {tag} added by ada")]);
        let scopes = app.sql("SELECT count(DISTINCT s.event) FROM event_scopes AS s", &[], |row| {
            row.get::<i64>(0)
        });
        assert_eq!(scopes, [1]);
    });
}

#[test]
fn a_restored_database_begins_a_new_epoch_and_readers_go_on() {
    on_both(|app| {
        let (reader, seen) = noting("test");
        app.has("tag", json!({ "name": "before" }));
        app.run_reader(&reader);
        taken(&seen);
        let unread = app.has("tag", json!({ "name": "unread" }));

        // As after a restore on another server: transactions are numbered lower than those of the log.
        app.transaction(|tx| {
            for table in ["events", "event_scopes", "log_readers"] {
                if tx.dialect() == store::Dialect::Postgres {
                    tx.execute(&format!("UPDATE {table} SET txid = txid + 1000000000"), &[])?;
                }
            }
            server::readers::epoch::forget(tx)
        });
        let epoch = server::readers::epoch::establish(&app.server.store, 77).unwrap();
        let later = app.has("tag", json!({ "name": "later" }));
        app.run_reader(&reader);

        assert_eq!(epoch, 77);
        assert_eq!(server::readers::epoch::establish(&app.server.store, 78).unwrap(), 77);
        assert_eq!(taken(&seen), [format!("tag {unread} added"), format!("tag {later} added")]);
    });
}

#[test]
fn an_admin_command_beside_the_server_is_not_passed_either() {
    let directory = store::testing::sqlite_dir();
    let server = store::Store::open(directory.config()).unwrap();
    let command = store::Store::open(directory.config()).unwrap();
    let write = |store: &store::Store| {
        store
            .write_blocking(|tx| {
                let gid = tx.gid()?;
                tx.execute(
                    "INSERT INTO events (gid, workspace, at, request_id, resource_type, resource, action, changes) VALUES (?, 1, 0, '', 'tag', 1, 'added', '[]')",
                    params![gid],
                )?;
                Ok::<_, store::Error>(gid)
            })
            .unwrap()
    };

    let gids = [write(&server), write(&command), write(&server), write(&server), write(&command)];

    assert!(gids.is_sorted(), "{gids:?}");
}

#[test]
fn metrics_tell_of_requests_writes_readers_and_what_waits() {
    on_both(|app| {
        app.has("tag", json!({}));
        app.read_log("webhooks");
        app.has("tag", json!({ "name": "unread" }));
        app.tick(1_500);

        let text = app.anonymous().bare("/metrics").text();

        for line in [
            "vinyasa_request_seconds_count{operation=\"createTag\",status=\"201\"} 2",
            "vinyasa_reader_lag_seconds{reader=\"webhooks\"} 1.5",
            "vinyasa_webhook_deliveries_pending 0",
            "# TYPE vinyasa_write_hold_seconds histogram",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
    });
}
