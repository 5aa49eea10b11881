//! Parameters and columns mean the same on both databases.

use model::{Date, Timestamp};
use store::{Column, Load};

use super::*;

#[test]
fn values_survive_writing_and_reading() {
    on_both(|world| {
        let store = world.open();

        store
            .write_blocking(|tx| {
                tx.execute(
                    "CREATE TABLE v (n INTEGER, big BIGINT, real DOUBLE PRECISION, words TEXT, flag BIGINT, day TEXT, empty TEXT)",
                    &[],
                )?;
                let day = Date::parse("2026-02-28").unwrap();
                tx.execute(
                    "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?)",
                    params![7_i32, Gid::new(1 << 52), 1.5_f64, "ä 'q' ?", true, day, Option::<&str>::None],
                )?;
                let row = tx.first("SELECT n, big, real, words, flag, day, empty FROM v", &[], |row| {
                    assert_eq!(row.get::<i64>(0)?, 7);
                    assert_eq!(row.get::<Gid>(1)?, Gid::new(1 << 52));
                    assert_eq!(row.get::<Timestamp>(1)?, Timestamp::from_millis(1 << 52));
                    assert_eq!(row.get::<f64>(2)?.to_string(), "1.5");
                    assert_eq!(row.get::<f64>(0)?.to_string(), "7");
                    assert_eq!(row.get::<String>(3)?, "ä 'q' ?");
                    assert!(row.get::<bool>(4)?);
                    assert_eq!(row.get::<Date>(5)?, day);
                    assert_eq!(row.get::<Option<String>>(6)?, None);
                    assert_eq!(row.column(6)?, Column::Null);
                    assert_eq!(row.column(3)?, Column::Text("ä 'q' ?"));
                    Ok(())
                })?;
                assert_eq!(row, Some(()));
                Ok::<_, Error>(())
            })
            .unwrap();
    });
}

#[test]
fn what_does_not_fit_is_corrupt_and_names_the_column() {
    on_both(|world| {
        let store = world.open();
        store.write_blocking(|tx| insert(tx, 1, "a")).unwrap();

        let read = store.read_blocking(|tx| {
            tx.query("SELECT name AS label FROM t", &[], |row| {
                assert!(row.column(1).is_err());
                row.get::<i64>(0)
            })
        });

        let Err(Error::Corrupt { column, found, .. }) = read else { panic!("{read:?}") };
        assert_eq!((column.as_str(), found.as_str()), ("label", "Text(\"a\")"));
    });
}

#[test]
fn sums_comparisons_and_averages_are_numbers() {
    on_both(|world| {
        let store = world.open();
        for id in [1, 2] {
            store.write_blocking(move |tx| insert(tx, id, &id.to_string())).unwrap();
        }

        let row = store.read_blocking(|tx| {
            tx.first(
                "SELECT sum(id), avg(id), count(*), max(id) = 2, sum(position) FROM t",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
        });

        assert_eq!(row, Ok::<_, Error>(Some((3_i64, 1.5_f64, 2_i64, true, Option::<f64>::None))));
    });
}

#[test]
fn lists_keep_their_order_and_their_doubles() {
    on_both(|world| {
        let store = world.open();
        store
            .write_blocking(|tx| {
                insert(tx, 1, "a")?;
                insert(tx, 2, "b")?;
                insert(tx, 3, "c")
            })
            .unwrap();

        let found = store.read_blocking(|tx| {
            let by_id = tx.query(
                "SELECT i.key, t.name FROM ids(?) AS i JOIN t ON t.id = i.value WHERE t.id > ? ORDER BY i.key",
                params![Value::Ids(vec![3, 9, 2, 3, 1]), 1_i64],
                |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)),
            )?;
            let by_name = tx.query(
                "SELECT t.id FROM texts(?) AS n JOIN t ON t.name = n.value ORDER BY n.key",
                params![vec!["b".to_owned(), "it's".to_owned(), "a".to_owned()]],
                |row| row.get::<i64>(0),
            )?;
            let none = tx.query("SELECT i.value FROM ids(?) AS i", params![Value::Ids(vec![])], |_| Ok(()))?;
            Ok::<_, Error>((by_id, by_name, none.len()))
        });

        let names = [(0, "c"), (2, "b"), (3, "c")].map(|(key, name)| (key, name.to_owned()));
        assert_eq!(found, Ok((names.to_vec(), vec![2, 1], 0)));
    });
}

#[test]
fn a_batch_hands_over_rows_query_by_query() {
    on_both(|world| {
        let store = world.open();
        store
            .write_blocking(|tx| {
                for id in 1..=40 {
                    tx.later("INSERT INTO t (id) VALUES (?)", vec![Value::Int(id)])?;
                }
                Ok::<_, Error>(())
            })
            .unwrap();

        let (seen, statements) = store
            .read_blocking(|tx| {
                let seen = std::cell::RefCell::new(Vec::new());
                let mut loads: Vec<Load<'_>> = (0..40)
                    .map(|n| Load {
                        sql: "SELECT id FROM t WHERE id > ? ORDER BY id LIMIT 2",
                        params: vec![Value::Int(n)],
                        each: Box::new(|row| {
                            seen.borrow_mut().push(row.get::<i64>(0)?);
                            Ok(())
                        }),
                    })
                    .collect();
                tx.batch(&mut loads)?;
                drop(loads);
                Ok::<_, Error>((seen.into_inner(), tx.statements()))
            })
            .unwrap();

        let expected: Vec<i64> =
            (0..40).flat_map(|n| [n + 1, n + 2]).filter(|id| *id <= 40).collect();
        assert_eq!((seen, statements), (expected, 40));
    });
}

#[test]
fn wrong_statements_are_errors_not_panics() {
    on_both(|world| {
        let store = world.open();
        for (sql, given) in [
            ("SELECT id FROM t WHERE id = ?", params![].as_slice()),
            ("SELECT id FROM t", params![1_i64]),
            ("SELECT id FROM t WHERE id = $1", params![1_i64]),
            ("SELECT nonsense FROM t", params![]),
        ] {
            let given = given.to_vec();
            let read = store.read_blocking(move |tx| tx.execute(sql, &given));
            assert!(matches!(read, Err(Error::Database(_))), "{sql}: {read:?}");
        }
        assert_eq!(ids(&store), [0; 0]);
    });
}

#[test]
fn constraints_have_the_same_names() {
    on_both(|world| {
        let store = world.open();
        store
            .write_blocking(|tx| {
                tx.execute(
                    "CREATE TABLE c (a BIGINT, b TEXT, live BIGINT, UNIQUE (a, b), CONSTRAINT c_a_positive CHECK (a > 0), PRIMARY KEY (b, live))",
                    &[],
                )?;
                tx.execute("CREATE UNIQUE INDEX c_live_unique ON c (live) WHERE live > 10", &[])?;
                tx.execute("CREATE UNIQUE INDEX c_folded_unique ON c (lower(b)) WHERE live > 20", &[])?;
                tx.execute("INSERT INTO c VALUES (1, 'x', 1), (2, 'y', 11), (3, 'z', 21)", &[])
            })
            .unwrap();

        for (row, name) in [
            ("(1, 'x', 2)", "c_a_b_key"),
            ("(0, 'n', 2)", "c_a_positive"),
            ("(9, 'x', 1)", "c_pkey"),
            ("(9, 'n', 11)", "c_live_unique"),
            ("(9, 'Z', 22)", "c_folded_unique"),
        ] {
            let sql = format!("INSERT INTO c VALUES {row}");
            let write = store.write_blocking(move |tx| tx.execute(&sql, &[]));
            assert_eq!(write, Err(Error::Constraint { name: name.to_owned() }), "{row}");
        }
        let primary = store.write_blocking(|tx| {
            insert(tx, 1, "a")?;
            insert(tx, 1, "b")
        });
        assert_eq!(primary, Err(Error::Constraint { name: "t_pkey".to_owned() }));
    });
}

#[test]
fn execute_counts_the_rows_it_changed() {
    on_both(|world| {
        let store = world.open();

        let changed = store.write_blocking(|tx| {
            insert(tx, 1, "a")?;
            insert(tx, 2, "b")?;
            let ignored =
                tx.execute("INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING", &[])?;
            let both = tx.execute("UPDATE t SET position = ?", params![0.5])?;
            let none = tx.execute("SELECT id FROM t WHERE id = 7", &[])?;
            Ok::<_, Error>((ignored, both, none))
        });

        assert_eq!(changed, Ok((0, 2, 0)));
    });
}
