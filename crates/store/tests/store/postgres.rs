//! What only PostgreSQL does: conflicts, lost connections, changed plans.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use super::*;

#[test]
fn two_writes_that_deadlock_both_succeed() {
    let world = World::postgres();
    let store = world.open();
    store
        .write_blocking(|tx| {
            insert(tx, 1, "a")?;
            insert(tx, 2, "b")
        })
        .unwrap();
    let barrier = Arc::new(Barrier::new(2));

    let writers = [[1_i64, 2], [2, 1]].map(|order| {
        let (store, barrier) = (store.clone(), Arc::clone(&barrier));
        thread::spawn(move || {
            let mut first_run = true;
            store.write_blocking(move |tx| {
                let add = "UPDATE t SET position = coalesce(position, 0) + 1 WHERE id = ?";
                tx.execute(add, params![order[0]])?;
                if std::mem::take(&mut first_run) {
                    barrier.wait();
                }
                tx.execute(add, params![order[1]])
            })
        })
    });

    for writer in writers {
        assert_eq!(writer.join().unwrap(), Ok(1));
    }
    let total = store
        .read_blocking(|tx| tx.first("SELECT sum(position) FROM t", &[], |row| row.get::<f64>(0)));
    assert_eq!(total, Ok(Some(4.0)));
}

#[test]
fn a_write_is_run_five_times_at_most() {
    let world = World::postgres();
    let store = world.open();
    let runs = Arc::new(AtomicU32::new(0));
    let conflict = "DO 'BEGIN RAISE SQLSTATE ''40001''; END'";

    let counted = Arc::clone(&runs);
    let never = store.write_blocking(move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        insert(tx, 1, "a")?;
        tx.execute(conflict, &[])
    });
    let mut failures = 0;
    let at_last = store.write_blocking(move |tx| {
        insert(tx, 2, "b")?;
        failures += 1;
        if failures < 5 { tx.execute(conflict, &[]) } else { Ok(0) }
    });

    assert_eq!(never, Err(Error::Conflict));
    assert_eq!(runs.load(Ordering::Relaxed), 5);
    assert_eq!(at_last, Ok(0));
    assert_eq!(ids(&store), [2]);
}

/// Ends all other connections to the test's database, as a restart of the server would.
fn end_connections(tx: &mut Tx<'_>) -> Result<u64, Error> {
    tx.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
        &[],
    )
}

#[test]
fn lost_connections_are_replaced_without_an_error() {
    let world = World::postgres();
    let store = Store::open(Config { readers: 1, ..world.config.clone() }).unwrap();
    let other = Store::open(Config { readers: 1, ..world.config.clone() }).unwrap();
    store.write_blocking(|tx| insert(tx, 1, "a")).unwrap();

    other.read_blocking(end_connections).unwrap();
    assert_eq!(ids(&store), [1]);
    other.read_blocking(end_connections).unwrap();
    store.write_blocking(|tx| insert(tx, 2, "b")).unwrap();

    assert_eq!(ids(&store), [1, 2]);
}

#[test]
fn a_write_whose_connection_breaks_is_run_once_more() {
    let world = World::postgres();
    let store = Store::open(Config { readers: 1, ..world.config.clone() }).unwrap();
    let other = Store::open(Config { readers: 1, ..world.config.clone() }).unwrap();
    let killer = other.clone();
    let mut runs = 0;

    let once = store.write_blocking(move |tx| {
        insert(tx, 1, "a")?;
        runs += 1;
        if runs == 1 {
            killer.read_blocking(end_connections)?;
        }
        insert(tx, 2, "b").map(|()| runs)
    });
    let killer = other.clone();
    let always = store.write_blocking(move |tx| {
        insert(tx, 3, "c")?;
        killer.read_blocking(end_connections)?;
        insert(tx, 4, "d")
    });

    assert_eq!(once, Ok(2));
    assert!(matches!(always, Err(Error::Database(_))), "{always:?}");
    assert_eq!(ids(&store), [1, 2]);
}

#[test]
fn statements_are_prepared_anew_when_a_table_changes() {
    let world = World::postgres();
    let store = Store::open(Config { readers: 1, ..world.config.clone() }).unwrap();
    let all = |tx: &mut Tx<'_>| tx.query("SELECT * FROM t", &[], |row| row.column(1).map(drop));
    store.write_blocking(all).unwrap();

    store.write_blocking(|tx| tx.execute("ALTER TABLE t ADD COLUMN extra TEXT", &[])).unwrap();

    assert_eq!(store.write_blocking(all), Ok(vec![]));
    store.write_blocking(|tx| tx.execute("ALTER TABLE t ADD COLUMN more TEXT", &[])).unwrap();
    assert_eq!(store.read_blocking(all), Ok(vec![]));
}

#[test]
fn sessions_use_generic_plans_and_one_snapshot() {
    let world = World::postgres();
    let store = world.open();

    let settings = store.read_blocking(|tx| {
        tx.first(
            "SELECT current_setting('plan_cache_mode'), current_setting('transaction_isolation'), current_setting('transaction_read_only')",
            &[],
            |row| Ok([row.get::<String>(0)?, row.get(1)?, row.get(2)?]),
        )
    });

    assert_eq!(
        settings,
        Ok(Some(["force_generic_plan", "repeatable read", "on"].map(str::to_owned)))
    );
}
