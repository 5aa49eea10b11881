//! A second process on the same SQLite database: admin commands beside the server.
//!
//! The second process is this test binary, started again for one of the ignored tests below.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};

use store::Location;

use super::*;

const DIRECTORY: &str = "STORE_TEST_DIRECTORY";

fn start(test: &str, directory: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("two_processes::{test}"), "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn directory(world: &World) -> &std::path::Path {
    match &world.config.location {
        Location::Directory(directory) => directory,
        Location::Postgres(_) => unreachable!(),
    }
}

fn store_of_second_process() -> Store {
    let directory: OsString = std::env::var_os(DIRECTORY).expect("started by another test");
    Store::open(Config::directory(directory)).unwrap()
}

#[test]
#[ignore = "the second process of two_processes_can_write_at_once"]
fn writes_from_negative_one_down() {
    let store = store_of_second_process();
    for n in 1..=200 {
        store.write_blocking(move |tx| insert(tx, -n, &format!("{n} from here"))).unwrap();
        ids(&store);
    }
}

#[test]
fn two_processes_can_write_at_once() {
    let world = World::sqlite();
    let store = Store::open(Config { durable: true, ..world.config.clone() }).unwrap();

    let mut second = start("writes_from_negative_one_down", directory(&world));
    let mut written = 0;
    while second.try_wait().unwrap().is_none() || written < 200 {
        written += 1;
        store
            .write_blocking(move |tx| insert(tx, written, &format!("{written} from there")))
            .unwrap();
        store.read_blocking(all_ids).unwrap();
    }

    assert!(second.wait().unwrap().success());
    assert_eq!(ids(&store).len(), 200 + usize::try_from(written).unwrap());
}

#[test]
#[ignore = "the second process of acknowledged_writes_survive_a_kill"]
fn writes_until_killed() {
    use std::io::Write;
    let store = store_of_second_process();
    for n in 1.. {
        store.write_blocking(move |tx| insert(tx, n, &n.to_string())).unwrap();
        writeln!(std::io::stdout(), "wrote {n}").unwrap();
    }
}

#[test]
fn acknowledged_writes_survive_a_kill() {
    use std::io::{BufRead, BufReader};
    let world = World::sqlite();

    let mut second = start("writes_until_killed", directory(&world));
    let mut lines = BufReader::new(second.stdout.take().unwrap()).lines().map_while(Result::ok);
    let wrote = |line: String| line.rsplit_once("wrote ").map(|(_, n)| n.parse::<i64>().unwrap());
    let mut last = lines.by_ref().filter_map(wrote).nth(50).unwrap();
    second.kill().unwrap();
    last = lines.filter_map(wrote).last().unwrap_or(last);
    second.wait().unwrap();

    let found = ids(&world.open());
    let expected: Vec<i64> = (1..=i64::try_from(found.len()).unwrap()).collect();
    assert_eq!(found, expected);
    assert!(found.len() >= usize::try_from(last).unwrap());
}
