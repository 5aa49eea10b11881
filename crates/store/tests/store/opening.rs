//! Opening: migrations, locks, wrong configurations.

use store::Location;
use store::migrations::{ALL, hash};

use super::*;

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    on_both(|world| {
        let store = Store::open(Config { durable: true, ..world.config.clone() }).unwrap();
        store.write_blocking(|tx| insert(tx, 1, "a")).unwrap();
        drop(store);

        assert_eq!(ids(&world.open()), [1]);
    });
}

#[test]
fn migrations_run_once_on_an_empty_database() {
    let directory = TempDir::new();
    let url = store::testing::postgres().empty_database();
    for config in [directory.config(), postgres_config(&url)] {
        for _ in 0..2 {
            let store = Store::open(config.clone()).unwrap();
            let versions = store
                .read_blocking(|tx| {
                    tx.query(
                        "SELECT version, name, hash FROM schema_migrations ORDER BY version",
                        &[],
                        |row| {
                            Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
                        },
                    )
                })
                .unwrap();
            let all: Vec<_> = ALL
                .iter()
                .map(|m| (m.version, m.name.to_owned(), hash(m.text(store.dialect()))))
                .collect();
            assert_eq!(versions, all);
        }
    }
}

#[test]
fn several_may_open_an_empty_database_at_once() {
    for _ in 0..5 {
        let directory = TempDir::new();
        let url = store::testing::postgres().empty_database();
        for config in [directory.config(), postgres_config(&url)] {
            let opening: Vec<_> = (0..4)
                .map(|_| {
                    let config = config.clone();
                    thread::spawn(move || Store::open(config).map(|store| store.dialect()))
                })
                .collect();
            for opened in opening {
                opened.join().unwrap().unwrap();
            }
        }
    }
}

#[test]
fn migrations_are_numbered_without_gaps() {
    for (place, migration) in ALL.iter().enumerate() {
        assert_eq!(migration.version, i64::try_from(place + 1).unwrap());
        assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
    }
}

#[test]
fn released_migrations_are_not_edited() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let hashes = std::fs::read_to_string(directory.join("HASHES")).unwrap();
    for line in hashes.lines().filter(|line| !line.starts_with('#')) {
        let (wanted, file) = line.split_once(' ').expect("`hash file`");
        let text = std::fs::read_to_string(directory.join(file.trim())).unwrap();
        assert_eq!(hash(&text), wanted, "{file} was released; put the change into a new migration");
    }
}

#[test]
fn every_migration_file_is_listed() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".sql") {
            let name = name.trim_end_matches(".sqlite").trim_end_matches(".postgres");
            assert!(ALL.iter().any(|migration| migration.name == name), "{name} is not in ALL");
        }
    }
}

#[test]
fn both_databases_have_the_same_columns() {
    let sqlite = World::sqlite().open().read_blocking(|tx| {
        columns(tx, "SELECT m.name, c.name, CASE WHEN c.type = 'INTEGER' THEN 'BIGINT' ELSE upper(c.type) END \
                     FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
                     WHERE m.type = 'table' AND m.name NOT LIKE '%fts%' AND m.sql NOT LIKE '%VIRTUAL%' ORDER BY 1, 2")
    });
    let postgres = World::postgres().open().read_blocking(|tx| {
        columns(tx, "SELECT table_name, column_name, upper(data_type) FROM information_schema.columns \
                     WHERE table_schema = 'public' AND data_type <> 'tsvector' AND table_name NOT IN (SELECT v.table_name FROM information_schema.views AS v WHERE v.table_schema = 'public') ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"")
    });
    let (sqlite, postgres) = (sqlite.unwrap(), postgres.unwrap());
    assert!(sqlite.len() > 10);
    assert_eq!(sqlite, postgres);
}

fn columns(tx: &mut Tx<'_>, sql: &str) -> Result<Vec<String>, Error> {
    tx.query(sql, &[], |row| {
        let (table, column, kind): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{table}.{column} {kind}"))
    })
}

#[test]
fn a_newer_database_is_refused() {
    on_both(|world| {
        let store = world.open();
        store
            .write_blocking(|tx| {
                tx.execute("INSERT INTO schema_migrations VALUES (9000, 'later', '', 0)", &[])
            })
            .unwrap();
        drop(store);

        let refused = Store::open(world.config.clone()).err();

        let known = ALL.last().unwrap().version;
        assert_eq!(refused, Some(Error::NewerSchema { found: 9000, known }));
    });
}

#[test]
fn a_second_server_on_one_directory_is_refused() {
    let world = World::sqlite();
    let store = world.open();

    let lock = store.lock_for_serving().unwrap();
    let second = world.open();

    assert_eq!(second.lock_for_serving().err(), Some(Error::Locked));
    second.write_blocking(|tx| insert(tx, 1, "admin")).unwrap();
    drop(lock);
    assert!(second.lock_for_serving().is_ok());
}

#[test]
fn several_nodes_may_serve_one_postgres_database() {
    let world = World::postgres();
    let (one, two) = (world.open(), world.open());
    let _locks = (one.lock_for_serving().unwrap(), two.lock_for_serving().unwrap());

    let gids = [&one, &two].map(|store| store.write_blocking(gid).unwrap());

    assert_ne!(gids[0], gids[1]);
    assert_eq!(one.dialect(), Dialect::Postgres);
}

#[test]
fn wrong_places_are_explained() {
    let refused = |config: Config| match Store::open(config).err() {
        Some(Error::Database(text)) => text,
        other => panic!("{other:?}"),
    };

    assert!(refused(Config::postgres("postgres://h/d?sslmode=perhaps")).contains("sslmode"));
    assert!(refused(Config::postgres("nonsense")).contains("URL"));
    assert!(refused(Config::directory("/proc/nowhere")).contains("/proc/nowhere"));
    let missing = store::testing::postgres().url("no_such_database");
    assert!(refused(Config::postgres(missing)).contains("no_such_database"));
    let nobody = Store::open(Config::postgres("postgres://u@127.0.0.1:1/d")).err();
    assert_eq!(nobody, Some(Error::Overloaded));
}

#[test]
fn a_store_can_be_closed_by_one_of_its_own_jobs() {
    let world = World::sqlite();
    let store = world.open();
    let mut last = Some(store.clone());
    let (done, wait) = std::sync::mpsc::channel();

    drop(store.write_blocking(move |_| {
        let mine = last.take();
        let done = done.clone();
        thread::spawn(move || {
            drop(mine);
            done.send(()).unwrap();
        });
        Ok::<_, Error>(())
    }));
    drop(store);

    wait.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(matches!(world.config.location, Location::Directory(_)));
}
