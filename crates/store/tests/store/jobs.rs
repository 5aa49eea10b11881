//! Jobs: commit, rollback, failures, gids, queues.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

use super::*;

#[test]
fn a_write_that_answers_ok_is_committed_and_one_that_fails_is_not() {
    on_both(|world| {
        let store = world.open();

        store.write_blocking(|tx| insert(tx, 1, "a")).unwrap();
        let refused: Result<(), Error> = store.write_blocking(|tx| {
            insert(tx, 2, "b")?;
            Err(Error::Database("changed my mind".to_owned()))
        });

        assert_eq!(refused, Err(Error::Database("changed my mind".to_owned())));
        assert_eq!(ids(&store), [1]);
    });
}

#[test]
fn a_panicking_job_is_rolled_back_and_hurts_nobody_else() {
    on_both(|world| {
        let store = world.open();

        let write: Result<(), Error> = store.write_blocking(|tx| {
            insert(tx, 1, "a")?;
            panic!("a bug");
        });
        let read: Result<(), Error> = store.read_blocking(|_| panic!("a bug"));

        assert_eq!(write, Err(Error::Panicked));
        assert_eq!(read, Err(Error::Panicked));
        store.write_blocking(|tx| insert(tx, 2, "b")).unwrap();
        assert_eq!(ids(&store), [2]);
    });
}

#[test]
fn a_failed_statement_spoils_the_transaction_even_if_the_job_says_ok() {
    on_both(|world| {
        let store = world.open();

        let write = store.write_blocking(|tx| {
            insert(tx, 1, "a")?;
            let first = insert(tx, 2, "a");
            assert_eq!(insert(tx, 3, "c"), first);
            Ok::<_, Error>(())
        });

        assert_eq!(write, Err(Error::Constraint { name: "t_name_unique".to_owned() }));
        assert_eq!(ids(&store), [0; 0]);
    });
}

#[test]
fn later_runs_in_order_before_the_next_query() {
    on_both(|world| {
        let store = world.open();

        let seen = store
            .write_blocking(|tx| {
                for id in 1..=100 {
                    tx.later("INSERT INTO t (id) VALUES (?)", vec![Value::Int(id)])?;
                }
                tx.later("UPDATE t SET name = 'last' WHERE id = ?", vec![Value::Int(100)])?;
                tx.later("DELETE FROM t WHERE id < ?", vec![Value::Int(99)])?;
                let seen = all_ids(tx)?;
                tx.later("DELETE FROM t WHERE id = ?", vec![Value::Int(99)])?;
                Ok::<_, Error>((seen, tx.statements()))
            })
            .unwrap();

        assert_eq!(seen, (vec![99, 100], 104));
        assert_eq!(ids(&store), [100]);
    });
}

#[test]
fn an_error_of_later_rolls_the_write_back() {
    on_both(|world| {
        let store = world.open();
        let taken = Error::Constraint { name: "t_name_unique".to_owned() };
        let twice = "INSERT INTO t (id, name) VALUES (?, 'same')";

        let at_commit = store.write_blocking(move |tx| {
            tx.later(twice, vec![Value::Int(1)])?;
            tx.later(twice, vec![Value::Int(2)])?;
            Ok::<_, Error>(())
        });
        let at_query = store.write_blocking(move |tx| {
            tx.later(twice, vec![Value::Int(1)])?;
            drop(tx.later(twice, vec![Value::Int(2)]));
            let seen = all_ids(tx);
            assert!(seen.is_err());
            Ok::<_, Error>(())
        });

        assert_eq!(at_commit, Err(taken.clone()));
        assert_eq!(at_query, Err(taken));
        assert_eq!(ids(&store), [0; 0]);
    });
}

#[test]
fn a_reader_sees_one_snapshot() {
    on_both(|world| {
        let store = world.open();
        let (first_read, wait_for_read) = channel();
        let (written, wait_for_write) = channel();

        let reading = store.clone();
        let reader = thread::spawn(move || {
            reading.read_blocking(move |tx| {
                let before = all_ids(tx)?;
                first_read.send(()).unwrap();
                wait_for_write.recv().unwrap();
                Ok::<_, Error>((before, all_ids(tx)?))
            })
        });
        wait_for_read.recv().unwrap();
        store.write_blocking(|tx| insert(tx, 1, "a")).unwrap();
        written.send(()).unwrap();

        assert_eq!(reader.join().unwrap().unwrap(), (vec![], vec![]));
        assert_eq!(ids(&store), [1]);
    });
}

#[test]
fn a_reading_job_cannot_write() {
    on_both(|world| {
        let store = world.open();

        let refused = store.read_blocking(|tx| insert(tx, 1, "a"));

        assert!(matches!(refused, Err(Error::Database(_))), "{refused:?}");
        assert_eq!(ids(&store), [0; 0]);
    });
}

#[test]
fn an_error_of_each_does_not_spoil_the_transaction() {
    on_both(|world| {
        let store = world.open();

        store
            .write_blocking(|tx| {
                let refused = tx.query(
                    "INSERT INTO t (id, name) VALUES (?, ?), (?, ?) RETURNING name",
                    params![1_i64, "a", 2_i64, "b"],
                    |row| row.get::<i64>(0),
                );
                assert!(matches!(refused, Err(Error::Corrupt { .. })), "{refused:?}");
                Ok::<_, Error>(())
            })
            .unwrap();

        assert_eq!(ids(&store), [1, 2]);
    });
}

#[test]
fn gids_are_unique_across_rolled_back_jobs_and_reopening() {
    on_both(|world| {
        let mut seen = HashSet::new();
        for round in 0..3 {
            let store = world.open();
            for _ in 0..700 {
                seen.insert(store.write_blocking(gid).unwrap().get());
            }
            let lost: Result<(), Error> = store.write_blocking(|tx| {
                tx.gid()?;
                Err(Error::Conflict)
            });
            assert_eq!(lost, Err(Error::Conflict));
            assert_eq!(seen.len(), 700 * (round + 1));
        }
        assert!(seen.iter().all(|gid| *gid >= 1_001));
    });
}

#[test]
fn gids_begin_where_the_configuration_says_and_have_sixteen_digits_by_default() {
    let directory = store::testing::sqlite_dir();
    let url = store::testing::postgres().fresh_database();
    for config in [directory.config(), postgres_config(&url)] {
        let begin = |first_gid| {
            let store = Store::open(Config { first_gid, ..config.clone() }).unwrap();
            store.write_blocking(|tx| Ok::<_, Error>([tx.gid()?.get(), tx.gid()?.get()])).unwrap()
        };
        assert_eq!(begin(Some(1_001)), [1_001, 1_002]);
        assert_eq!(begin(Some(1_001)), [2_001, 2_002]);
    }
    let directory = store::testing::sqlite_dir();
    let store = Store::open(Config { first_gid: None, ..directory.config() }).unwrap();
    let first = store.write_blocking(gid).unwrap();
    assert_eq!(first.get(), 1_200_000_000_000_000);
}

#[test]
fn a_job_that_needs_many_gids_is_run_again_with_enough() {
    on_both(|world| {
        let store = world.open();
        let runs = Arc::new(AtomicU32::new(0));

        let counted = Arc::clone(&runs);
        let gids = store
            .write_blocking(move |tx| {
                let run = counted.fetch_add(1, Ordering::Relaxed);
                insert(tx, i64::from(run), "once")?;
                (0..50_000).map(|_| tx.gid()).collect::<Result<Vec<_>, Error>>()
            })
            .unwrap();

        assert_eq!(gids.iter().collect::<HashSet<_>>().len(), 50_000);
        assert_eq!(ids(&store), [i64::from(runs.load(Ordering::Relaxed)) - 1]);
    });
}

#[test]
fn a_reading_job_has_no_gids() {
    on_both(|world| assert!(world.open().read_blocking(gid).is_err()));
}

#[test]
fn sixty_four_writers_at_once_lose_nothing() {
    on_both(|world| {
        let store = world.open();

        let writers: Vec<_> = (0..64)
            .map(|writer| {
                let store = store.clone();
                thread::spawn(move || {
                    for n in 0..100 {
                        let id = writer * 1_000 + n;
                        store.write_blocking(move |tx| insert(tx, id, &id.to_string())).unwrap();
                        let found = store.read_blocking(move |tx| {
                            tx.first("SELECT name FROM t WHERE id = ?", params![id], |row| {
                                row.get::<String>(0)
                            })
                        });
                        assert_eq!(found, Ok(Some(id.to_string())));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }

        assert_eq!(ids(&store).len(), 6_400);
        let metrics = store.metrics();
        assert!(metrics.grouped_writes >= 6_400);
        assert_eq!(metrics.hold_times.iter().map(|(_, n)| n).sum::<u64>(), metrics.groups);
        assert_eq!((metrics.queue_length, metrics.refused), (0, 0));
    });
}

#[test]
fn a_full_queue_refuses_and_a_long_wait_ends() {
    for world in [World::sqlite(), World::postgres()] {
        let config = Config {
            readers: 1,
            queue: 2,
            wait: Duration::from_millis(300),
            ..world.config.clone()
        };
        let store = Store::open(config).unwrap();
        let (release, wait) = channel::<()>();
        let (running, started) = channel();
        let busy = store.clone();
        let blocked = thread::spawn(move || {
            busy.read_blocking(move |_| {
                running.send(()).unwrap();
                _ = wait.recv();
                Ok::<_, Error>(())
            })
        });
        started.recv().unwrap();

        let waiting: Vec<_> = (0..2)
            .map(|n| {
                let queued = store.clone();
                let thread = thread::spawn(move || queued.read_blocking(all_ids));
                eventually(|| store.metrics().queue_length > n);
                thread
            })
            .collect();
        let full = store.read_blocking(all_ids);

        assert_eq!(full, Err(Error::Overloaded));
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Err(Error::Overloaded));
        }
        assert_eq!(store.metrics().refused, 3);
        drop(release);
        assert_eq!(blocked.join().unwrap(), Ok(()));
        assert_eq!(ids(&store), [0; 0]);
    }
}

#[test]
fn a_write_goes_on_when_nobody_awaits_it() {
    on_both(|world| {
        let store = world.open();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (release, wait) = channel::<()>();
        let (running, started) = channel();

        runtime.block_on(async {
            let write = store.write(move |tx| {
                insert(tx, 1, "a")?;
                running.send(()).unwrap();
                _ = wait.recv();
                insert(tx, 2, "b")
            });
            drop(tokio::time::timeout(Duration::from_millis(100), write).await);
        });
        started.recv().unwrap();
        drop(release);

        eventually(|| ids(&store) == [1, 2]);
    });
}

#[test]
fn async_callers_get_their_answers() {
    on_both(|world| {
        let store = world.open();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

        runtime.block_on(async {
            store.ping().await.unwrap();
            store.write(|tx| insert(tx, 1, "a")).await.unwrap();
            assert_eq!(store.read(all_ids).await, Ok(vec![1]));
        });
    });
}
