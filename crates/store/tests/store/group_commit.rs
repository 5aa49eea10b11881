//! The group commit of SQLite: each rule of `architecture.md` §4.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[test]
fn members_that_wait_together_are_committed_together() {
    let world = World::sqlite();
    let store = world.open();
    let before = store.metrics();

    let held = hold_writer(&store);
    let writes: Vec<_> = (0..20)
        .map(|n| {
            queue_write(&store, usize::try_from(n).unwrap(), move |tx| {
                insert(tx, n, &n.to_string())
            })
        })
        .collect();
    drop(held);

    for write in writes {
        assert_eq!(write.recv().unwrap(), Ok(()));
    }
    let after = store.metrics();
    assert_eq!(after.grouped_writes - before.grouped_writes, 21);
    assert_eq!(after.groups - before.groups, 2);
}

#[test]
fn a_failing_or_panicking_member_leaves_the_others() {
    let world = World::sqlite();
    let store = world.open();

    let held = hold_writer(&store);
    let first = queue_write(&store, 0, |tx| insert(tx, 1, "a"));
    let same = queue_write(&store, 1, |tx| {
        insert(tx, 2, "b")?;
        insert(tx, 3, "a")
    });
    let panics = queue_write(&store, 2, |tx| {
        insert(tx, 4, "c")?;
        assert_eq!(tx.statements(), 0, "a bug");
        Ok(())
    });
    let last = queue_write(&store, 3, |tx| insert(tx, 5, "e"));
    drop(held);

    assert_eq!(first.recv().unwrap(), Ok(()));
    assert_eq!(same.recv().unwrap(), Err(Error::Constraint { name: "t_name_unique".to_owned() }));
    assert_eq!(panics.recv().unwrap(), Err(Error::Panicked));
    assert_eq!(last.recv().unwrap(), Ok(()));
    assert_eq!(ids(&store), [1, 5]);
}

#[test]
fn a_member_that_destroys_the_group_takes_nobody_with_it() {
    let world = World::sqlite();
    let store = world.open();
    let runs = Arc::new(AtomicU32::new(0));

    let held = hold_writer(&store);
    let counted = Arc::clone(&runs);
    let first = queue_write(&store, 0, move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        insert(tx, 1, "a")
    });
    let destroys = queue_write(&store, 1, |tx| {
        insert(tx, 2, "b")?;
        let refused = tx.execute("INSERT OR ROLLBACK INTO t (id, name) VALUES (3, 'a')", &[]);
        // Outside a transaction this would be stored on its own.
        assert!(insert(tx, 4, "d").is_err());
        refused
    });
    let last = queue_write(&store, 2, |tx| insert(tx, 5, "e"));
    drop(held);

    assert_eq!(first.recv().unwrap(), Ok(()));
    assert_eq!(
        destroys.recv().unwrap(),
        Err(Error::Constraint { name: "t_name_unique".to_owned() })
    );
    assert_eq!(last.recv().unwrap(), Ok(()));
    assert_eq!(ids(&store), [1, 5]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn a_member_that_ends_the_transaction_itself_is_refused() {
    let world = World::sqlite();
    let store = world.open();

    let held = hold_writer(&store);
    let first = queue_write(&store, 0, |tx| insert(tx, 1, "a"));
    let ends = queue_write(&store, 1, |tx| tx.execute("ROLLBACK", &[]));
    drop(held);

    assert_eq!(first.recv().unwrap(), Ok(()));
    assert!(matches!(ends.recv().unwrap(), Err(Error::Database(_))));
    assert_eq!(ids(&store), [1]);
}

#[test]
fn a_member_that_runs_out_of_gids_is_run_again_after_the_group() {
    let world = World::sqlite();
    let store = world.open();

    let held = hold_writer(&store);
    let hungry = queue_write(&store, 0, |tx| {
        insert(tx, 1, "a")?;
        (0..5_000).map(|_| tx.gid()).collect::<Result<Vec<_>, Error>>()
    });
    let modest = queue_write(&store, 1, |tx| {
        insert(tx, 2, "b")?;
        tx.gid()
    });
    drop(held);

    let hungry = hungry.recv().unwrap().unwrap();
    let modest = modest.recv().unwrap().unwrap();
    assert!(hungry.len() == 5_000 && !hungry.contains(&modest));
    assert_eq!(ids(&store), [1, 2]);
}

#[test]
fn a_failed_commit_refuses_all_members() {
    let world = World::sqlite();
    let store = world.open();

    let held = hold_writer(&store);
    let failing = store.clone();
    let first = queue_write(&store, 0, move |tx| {
        store::testing::fail_next_commit(&failing);
        insert(tx, 1, "a")
    });
    let second = queue_write(&store, 1, |tx| insert(tx, 2, "b"));
    drop(held);

    assert_eq!(first.recv().unwrap(), Err(Error::Overloaded));
    assert_eq!(second.recv().unwrap(), Err(Error::Overloaded));
    store.write_blocking(|tx| insert(tx, 3, "c")).unwrap();
    assert_eq!(ids(&store), [3]);
}

#[test]
fn the_log_is_moved_into_the_database_while_writing() {
    let world = World::sqlite();
    let store = world.open();
    let store::Location::Directory(directory) = &world.config.location else { unreachable!() };
    let log = directory.join("vinyasa.db-wal");
    let text = "x".repeat(1 << 20);

    for n in 0..100 {
        let text = format!("{n}{text}");
        store.write_blocking(move |tx| insert(tx, n, &text)).unwrap();
    }

    eventually(|| {
        store
            .write_blocking(|tx| {
                tx.execute("UPDATE t SET position = coalesce(position, 0) + 1 WHERE id = 1", &[])
            })
            .unwrap();
        std::fs::metadata(&log).unwrap().len() < 32 << 20
    });
    assert_eq!(ids(&store).len(), 100);
}
