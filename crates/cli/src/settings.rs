//! What an operator can set, and where each value came from: flag, environment, file, default.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

/// One setting. Its flag is `--name`, its key in the file `name`.
pub(crate) struct Setting {
    name: &'static str,
    variable: &'static str,
    /// What stands for the value in the help; empty for a switch.
    placeholder: &'static str,
    default: &'static str,
    help: &'static str,
}

const DATA_DIR: Setting = Setting {
    name: "data-dir",
    variable: "VINYASA_DATA_DIR",
    placeholder: "DIR",
    default: "./vinyasa-data",
    help: "The directory of the SQLite database and, unless --storage says otherwise, of the files",
};

const DATABASE_URL: Setting = Setting {
    name: "database-url",
    variable: "VINYASA_DATABASE_URL",
    placeholder: "URL",
    default: "",
    help: "A PostgreSQL database, postgres://…, instead of SQLite",
};

const LOG: Setting = Setting {
    name: "log",
    variable: "VINYASA_LOG",
    placeholder: "FILTER",
    default: "info",
    help: "What is logged to standard error: a level, or a filter like `warn,server=debug`",
};

const PUBLIC_URL: Setting = Setting {
    name: "public-url",
    variable: "VINYASA_PUBLIC_URL",
    placeholder: "URL",
    default: "",
    help: "The address that people use; without it the Host of each request counts",
};

const STORAGE: Setting = Setting {
    name: "storage",
    variable: "VINYASA_STORAGE",
    placeholder: "PLACE",
    default: "",
    help: "Where files are stored: a directory, or s3://bucket/prefix; <data-dir>/files if not set",
};

/// The settings of `serve`.
const SERVE: &[Setting] = &[
    Setting {
        name: "listen",
        variable: "VINYASA_LISTEN",
        placeholder: "ADDRESS",
        default: "127.0.0.1:8080",
        help: "Where to listen; port 0 takes any free one",
    },
    DATA_DIR,
    DATABASE_URL,
    PUBLIC_URL,
    STORAGE,
    Setting {
        name: "allow-private-network",
        variable: "VINYASA_ALLOW_PRIVATE_NETWORK",
        placeholder: "",
        default: "false",
        help: "Lets the server call private addresses; for development",
    },
    Setting {
        name: "demo",
        variable: "VINYASA_DEMO",
        placeholder: "",
        default: "false",
        help: "Fills an empty database with a made-up organization",
    },
    Setting {
        name: "rate-limit",
        variable: "VINYASA_RATE_LIMIT",
        placeholder: "N",
        default: "0",
        help: "Requests a minute that one token may make; 0 is no limit",
    },
    Setting {
        name: "trusted-proxies",
        variable: "VINYASA_TRUSTED_PROXIES",
        placeholder: "ADDRESSES",
        default: "",
        help: "Addresses or networks of proxies whose X-Forwarded-For is believed, with commas between",
    },
    Setting {
        name: "smtp-url",
        variable: "VINYASA_SMTP_URL",
        placeholder: "URL",
        default: "",
        help: "The mail server, smtp(s)://user:password@host:port; without it no mail is sent",
    },
    Setting {
        name: "mail-from",
        variable: "VINYASA_MAIL_FROM",
        placeholder: "ADDRESS",
        default: "",
        help: "Who sends the mail, like `Vinyasa <vinyasa@example.com>`",
    },
    Setting {
        name: "mail-reply-domain",
        variable: "VINYASA_MAIL_REPLY_DOMAIN",
        placeholder: "DOMAIN",
        default: "",
        help: "The domain of the addresses to which people reply to mail about tasks",
    },
    Setting {
        name: "threads",
        variable: "VINYASA_THREADS",
        placeholder: "N",
        default: "2",
        help: "Threads that speak HTTP, at least 4 on SQLite, where they read too; those of the database come on top",
    },
    LOG,
];

const LINKS: Setting = Setting {
    help: "The address that people use; links begin with it",
    default: "http://127.0.0.1:8080",
    ..PUBLIC_URL
};

const QUIET: Setting = Setting { default: "warn", ..LOG };

/// The settings of admin commands.
const ADMIN: &[Setting] = &[DATA_DIR, DATABASE_URL, LINKS, QUIET];

/// The settings of admin commands that work with files, too.
const STORING: &[Setting] = &[DATA_DIR, DATABASE_URL, LINKS, QUIET, STORAGE];

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag,
    Environment,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        })
    }
}

/// The value of one setting; empty if it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// The values of all settings of a command.
#[derive(Clone, Debug)]
pub(crate) struct Effectives(pub(crate) Vec<Effective>);

/// The arguments of `serve` and `config`.
pub(crate) fn serve_arguments() -> Vec<Arg> {
    arguments(SERVE)
}

/// The arguments of every admin command.
pub(crate) fn admin_arguments() -> Vec<Arg> {
    with_json(ADMIN)
}

/// The arguments of an admin command that works with files.
pub(crate) fn storage_arguments() -> Vec<Arg> {
    with_json(STORING)
}

fn with_json(settings: &[Setting]) -> Vec<Arg> {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    let mut all = arguments(settings);
    all.push(json.help("Prints one JSON object instead of text"));
    all
}

fn arguments(settings: &[Setting]) -> Vec<Arg> {
    let config = Arg::new("config").long("config").env("VINYASA_CONFIG").hide_env_values(true);
    let config = config.value_name("FILE").help("A TOML file with settings, named as the flags");
    let mut all: Vec<Arg> = settings.iter().map(argument).collect();
    all.push(config);
    all
}

fn argument(setting: &Setting) -> Arg {
    let Setting { name, variable, placeholder, default, help } = *setting;
    let argument = Arg::new(name).long(name).env(variable).hide_env_values(true);
    if placeholder.is_empty() {
        return argument
            .action(ArgAction::SetTrue)
            .value_parser(BoolishValueParser::new())
            .help(help);
    }
    let help =
        if default.is_empty() { help.to_owned() } else { format!("{help} [default: {default}]") };
    argument.value_name(placeholder).help(help)
}

impl Effectives {
    /// The settings of `serve`.
    ///
    /// Errors: a file that cannot be read or holds something unknown.
    pub(crate) fn of_serve(matches: &ArgMatches) -> Result<Effectives> {
        Effectives::of(SERVE, matches)
    }

    /// The settings of an admin command; the file may hold those of `serve`, which then do not matter.
    ///
    /// Errors: as above.
    pub(crate) fn of_admin(matches: &ArgMatches) -> Result<Effectives> {
        Effectives::of(ADMIN, matches)
    }

    /// The settings of an admin command that works with files.
    ///
    /// Errors: as above.
    pub(crate) fn of_storing(matches: &ArgMatches) -> Result<Effectives> {
        Effectives::of(STORING, matches)
    }

    fn of(settings: &[Setting], matches: &ArgMatches) -> Result<Effectives> {
        let file = match matches.get_one::<String>("config").filter(|path| !path.is_empty()) {
            Some(path) => read_file(Path::new(path))?,
            None => Vec::new(),
        };
        let effective = settings.iter().map(|setting| {
            let given = given(setting, matches);
            let (value, source) = given
                .or_else(|| {
                    let found = file.iter().find(|(name, _)| name == setting.name)?;
                    Some((found.1.clone(), Source::File))
                })
                .unwrap_or_else(|| (setting.default.to_owned(), Source::Default));
            Effective { name: setting.name, value, source }
        });
        Ok(Effectives(effective.collect()))
    }

    /// The value of a setting.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|one| one.name == name).map_or("", |one| one.value.as_str())
    }

    /// The value of a setting, if it is set.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// A number.
    ///
    /// Errors: the value is no number, or too large.
    pub(crate) fn number(&self, name: &str) -> Result<u32> {
        let value = self.text(name);
        value.parse().with_context(|| format!("{name} must be a whole number, not `{value}`"))
    }

    /// Where the data is.
    pub(crate) fn location(&self) -> store::Location {
        match self.optional("database-url") {
            Some(url) => store::Location::Postgres(url.to_owned()),
            None => store::Location::Directory(self.data_dir()),
        }
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data-dir"))
    }

    /// Where the files are.
    pub(crate) fn storage(&self) -> String {
        match self.optional("storage") {
            Some(storage) => storage.to_owned(),
            None => self.data_dir().join("files").to_string_lossy().into_owned(),
        }
    }

    /// As [`Effectives`], for people: what follows from other values is filled in, passwords are left out.
    pub(crate) fn shown(&self) -> Vec<Effective> {
        let mut all = self.0.clone();
        for one in &mut all {
            match one.name {
                "smtp-url" if one.value.is_empty() => {
                    "off: no mail is sent".clone_into(&mut one.value);
                }
                "database-url" | "smtp-url" => one.value = without_password(&one.value),
                "storage" => one.value = self.storage(),
                _ => {}
            }
        }
        all
    }
}

/// The value that a flag or the environment gives. An empty variable counts as not set.
fn given(setting: &Setting, matches: &ArgMatches) -> Option<(String, Source)> {
    let source = match matches.value_source(setting.name)? {
        ValueSource::CommandLine => Source::Flag,
        ValueSource::EnvVariable => Source::Environment,
        _ => return None,
    };
    let value = if setting.placeholder.is_empty() {
        matches.get_flag(setting.name).to_string()
    } else {
        matches.get_one::<String>(setting.name)?.clone()
    };
    (source == Source::Flag || !value.is_empty()).then_some((value, source))
}

/// The settings in a file, as text. All known names are allowed, whichever command reads it.
fn read_file(path: &Path) -> Result<Vec<(String, String)>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let table: toml::Table = text.parse().with_context(|| format!("{shown} is not TOML"))?;
    let mut all = Vec::new();
    for (key, value) in table {
        let name = key.replace('_', "-");
        let Some(setting) = SERVE.iter().find(|setting| setting.name == name) else {
            bail!("{shown}: there is no setting `{key}`");
        };
        let value = match (value, setting.placeholder.is_empty()) {
            (toml::Value::Boolean(on), true) => on.to_string(),
            (toml::Value::String(text), false) => text,
            (toml::Value::Integer(number), false) => number.to_string(),
            (_, true) => bail!("{shown}: `{key}` must be true or false"),
            (_, false) => bail!("{shown}: `{key}` must be a text or a number"),
        };
        all.push((name, value));
    }
    Ok(all)
}

/// A database URL that can be shown.
fn without_password(url: &str) -> String {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let (account, address) = rest.rsplit_once('@')?;
        let (user, _) = account.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{address}"))
    };
    hidden().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    fn effectives(flags: &[&str], file: Option<&str>) -> Result<Effectives> {
        let directory = store::testing::TempDir::new();
        let path = directory.path().join("vinyasa.toml");
        let mut all = vec!["vinyasa"];
        all.extend(flags);
        let shown = path.to_string_lossy().into_owned();
        if let Some(text) = file {
            std::fs::write(&path, text).expect("the directory can be written");
            all.extend(["--config", &shown]);
        }
        let command = Command::new("vinyasa").args(serve_arguments());
        Effectives::of_serve(&command.try_get_matches_from(all).expect("the flags are known"))
    }

    fn found(all: &Effectives, name: &str) -> (String, Source) {
        let one = all.0.iter().find(|one| one.name == name).expect("it is a setting");
        (one.value.clone(), one.source)
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let file = "listen = \"[::1]:1\"\nrate_limit = 7\ndemo = true\n";
        let all = effectives(&["--listen", "127.0.0.1:2"], Some(file)).expect("all is well");

        assert_eq!(found(&all, "listen"), ("127.0.0.1:2".to_owned(), Source::Flag));
        assert_eq!(found(&all, "rate-limit"), ("7".to_owned(), Source::File));
        assert_eq!(found(&all, "data-dir"), ("./vinyasa-data".to_owned(), Source::Default));
        assert!(all.is_on("demo"));
        assert!(!all.is_on("allow-private-network"));
    }

    #[test]
    fn a_file_with_an_unknown_name_or_a_wrong_type_is_refused() {
        for file in ["lisen = \"x\"", "demo = \"yes\"", "listen = [1]", "listen"] {
            assert!(effectives(&[], Some(file)).is_err(), "{file}");
        }
    }

    #[test]
    fn the_files_are_in_the_data_directory_unless_told_otherwise() {
        let all = effectives(&["--data-dir", "/data"], None).expect("all is well");
        assert_eq!(all.storage(), "/data/files");
        let all = effectives(&["--storage", "s3://bucket/x"], None).expect("all is well");
        assert_eq!(all.storage(), "s3://bucket/x");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("postgres://me:se@cret@db/x"), "postgres://me:***@db/x");
        assert_eq!(without_password("postgres://me@db/x"), "postgres://me@db/x");
    }
}
