//! TLS to PostgreSQL: what each `sslmode` accepts, and that the connection is one.

use store::testing::{postgres, postgres_config};
use store::{Error, Store};

/// Opens the database with `sslmode` and so on, by this name of the host; gives whether the connection is in TLS.
fn is_encrypted(host: &str, parameters: &str) -> Result<bool, Error> {
    let url = postgres().fresh_database().replace("127.0.0.1", host);
    let (address, _) = url.split_once('?').unwrap();
    let store = Store::open(postgres_config(&format!("{address}?{parameters}")))?;
    store.read_blocking(|tx| {
        let sql = "SELECT CASE WHEN s.ssl THEN 1 ELSE 0 END FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()";
        Ok::<_, Error>(tx.first(sql, &[], |row| row.get::<bool>(0))?.unwrap())
    })
}

#[test]
fn each_mode_accepts_what_it_should() {
    let root = format!("sslrootcert={}", postgres().root_certificate().display());
    for (host, parameters, encrypted) in [
        ("127.0.0.1", "sslmode=disable", false),
        ("127.0.0.1", "application_name=x", false),
        ("127.0.0.1", "sslmode=require", true),
        ("127.0.0.1", &*format!("sslmode=require&{root}"), true),
        ("127.0.0.1", &*format!("{root}&application_name=x&sslmode=verify-ca"), true),
        ("localhost", &*format!("sslmode=verify-full&{root}"), true),
    ] {
        assert_eq!(is_encrypted(host, parameters).unwrap(), encrypted, "{host} {parameters}");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    let root = format!("sslrootcert={}", postgres().root_certificate().display());
    for (host, parameters, why) in [
        ("127.0.0.1", &*format!("sslmode=verify-full&{root}"), "not valid for name"),
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere.crt", "cannot be read"),
        ("localhost", "sslmode=perhaps", "sslmode must be one of"),
    ] {
        let Err(Error::Database(text)) = is_encrypted(host, parameters) else {
            panic!("{parameters} was accepted");
        };
        assert!(text.contains(why), "{text}");
    }
}
