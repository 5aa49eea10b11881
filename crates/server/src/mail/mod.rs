//! Mail that the server sends.
//!
//! [`queue`] is the one way out: it writes a row of `mail_outbox` in the transaction of whoever wants something sent, so nothing is sent
//! that was rolled back, and no request waits for a mail server. [`outbox`] sends the rows, [`letters`] writes what is told of the inbox
//! when it is sent, through the eyes of who gets it. [`reply`] makes addresses that answers can be sent to.

pub mod letters;
pub mod outbox;
pub mod reply;

use crate::Settings;
use crate::api::Context;
use crate::error::Result;
use anyhow::{Context as _, bail};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncSmtpTransport, Message, Tokio1Executor};
use std::time::Duration;
use store::params;

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest subject.
const MAX_SUBJECT: usize = 200;

/// A letter.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What it is about, one line.
    pub subject: String,
    /// What it says, plain text. It may hold a link that lets its reader in, so it is never logged.
    pub text: String,
}

/// Puts a letter into the outbox, and says whether somebody will send it: a server without mail shows the links of invitations to the
/// admins who make them, and its operator makes links for new passwords by `vinyasa admin user reset-link`.
///
/// Errors: those of the database.
pub fn queue(cx: &mut Context<'_, '_>, mail: &Mail) -> Result<bool> {
    if cx.app.mail.is_none() {
        tracing::info!(subject = mail.subject, "a letter was not sent: the server has no mail");
        return Ok(false);
    }
    let (gid, now) = (cx.gid()?, cx.now());
    cx.later(
        "INSERT INTO mail_outbox (gid, kind, recipient, subject, text, created_at, due_at, attempts, leased_until) VALUES (?, 'letter', ?, ?, ?, ?, ?, 0, 0)",
        params![gid, mail.to, mail.subject, mail.text, now, now].to_vec(),
    )?;
    Ok(true)
}

/// How mail goes out.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where people open the application.
    pub url: String,
    /// The domain of addresses to reply to.
    pub reply_domain: Option<String>,
}

/// A letter that is ready to go.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part, a whole document.
    pub html: String,
    /// Where an answer goes, if not to the sender.
    pub reply_to: Option<String>,
    /// Where its reader chooses to get no more of them.
    pub unsubscribe: Option<String>,
}

impl Mailer {
    /// What the settings say; `None` if they name no mail server.
    ///
    /// Errors: settings that make no sense, or not enough of them.
    pub fn new(settings: &Settings) -> Result<Option<Mailer>> {
        let Some(smtp) = &settings.smtp_url else {
            if settings.mail_from.is_some() || settings.mail_reply_domain.is_some() {
                return Err(anyhow::anyhow!("mail needs --smtp-url").into());
            }
            return Ok(None);
        };
        Mailer::open(smtp, settings).map(Some).map_err(Into::into)
    }

    fn open(smtp: &str, settings: &Settings) -> anyhow::Result<Mailer> {
        let from = settings.mail_from.as_deref().context("mail needs --mail-from")?;
        let from: Mailbox = from.parse().context("--mail-from is no address")?;
        let url =
            settings.public_url.clone().context("mail needs --public-url, since it has links")?;
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("--public-url has a character that no link in mail can have");
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp)
            .context("--smtp-url is no address such as smtps://user:password@host:465")?
            .timeout(Some(PATIENCE))
            .build();
        let reply_domain = settings.mail_reply_domain.clone();
        if let Some(domain) = &reply_domain {
            Address::new("reply", domain.as_str()).context("--mail-reply-domain is no domain")?;
        }
        Ok(Mailer { transport, from, url, reply_domain })
    }

    /// The letter as it goes over the wire. Line breaks and other control characters become spaces wherever a header is made of them.
    ///
    /// Errors: an address that is none.
    fn message(&self, envelope: &Envelope) -> anyhow::Result<Message> {
        let to: Address = envelope.to.parse().context("the address of the reader")?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&envelope.subject));
        if let Some(address) = &envelope.reply_to {
            message = message.reply_to(address.parse().context("the address to reply to")?);
        }
        if let Some(link) = &envelope.unsubscribe {
            let name = HeaderName::new_from_ascii_str("List-Unsubscribe");
            message = message.raw_header(HeaderValue::new(name, format!("<{}>", one_line(link))));
        }
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message = message.raw_header(HeaderValue::new(name, "auto-generated".to_owned()));
        let parts = MultiPart::alternative_plain_html(envelope.text.clone(), envelope.html.clone());
        Ok(message.multipart(parts)?)
    }
}

/// A text that can stand in a header.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(MAX_SUBJECT).collect()
}

/// A text in HTML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A document around what is HTML already.
pub fn document(inside: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body style=\"font-family:sans-serif;line-height:1.5;max-width:40rem\">{inside}</body></html>"
    )
}

/// The HTML of a plain text: paragraphs, and links where a line is nothing but an address.
fn html_of(text: &str) -> String {
    let mut paragraphs = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let safe = escaped(paragraph);
        let is_link = (safe.starts_with("https://") || safe.starts_with("http://"))
            && !safe.contains(char::is_whitespace);
        let inner = if is_link {
            format!("<a href=\"{safe}\">{safe}</a>")
        } else {
            safe.replace('\n', "<br>")
        };
        paragraphs.push_str(&format!("<p>{inner}</p>"));
    }
    document(&paragraphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        let settings = Settings {
            smtp_url: Some("smtp://127.0.0.1:25".to_owned()),
            mail_from: Some("Vinyasa <no-reply@example.com>".to_owned()),
            public_url: Some("https://work.example.com".to_owned()),
            ..Settings::default()
        };
        Mailer::new(&settings).expect("they make sense").expect("they name a server")
    }

    #[test]
    fn no_text_makes_a_header() {
        let envelope = Envelope {
            to: "a@example.com".to_owned(),
            subject: "Hi\r\nBcc: evil@example.com".to_owned(),
            unsubscribe: Some("https://x/\r\nX-Evil: 1".to_owned()),
            ..Envelope::default()
        };

        let sent = mailer().message(&envelope).expect("it is a letter").formatted();

        let sent = String::from_utf8_lossy(&sent).into_owned();
        assert!(!sent.contains("\nBcc:") && !sent.contains("\nX-Evil:"), "{sent}");
        for to in ["a@example.com\r\nBcc: b@example.com", "a@example.com>", "", "a b@example.com"] {
            let envelope = Envelope { to: to.to_owned(), ..envelope.clone() };
            assert!(mailer().message(&envelope).is_err(), "{to}");
        }
    }

    #[test]
    fn html_is_escaped() {
        let html = html_of("Hello <b> & \"you\"\n\nhttps://x/?a=1&b=2\n");

        assert!(html.contains("<p>Hello &lt;b&gt; &amp; &quot;you&quot;</p>"), "{html}");
        assert!(html.contains("<a href=\"https://x/?a=1&amp;b=2\">"), "{html}");
    }

    #[test]
    fn settings_that_are_not_enough_are_refused() {
        let settings = |smtp: Option<&str>, from: Option<&str>, url: Option<&str>| Settings {
            smtp_url: smtp.map(str::to_owned),
            mail_from: from.map(str::to_owned),
            public_url: url.map(str::to_owned),
            ..Settings::default()
        };
        let smtp = Some("smtp://h:25");
        let (from, url) = (Some("a@example.com"), Some("https://h"));
        assert!(Mailer::new(&settings(None, None, None)).is_ok_and(|mailer| mailer.is_none()));
        assert!(Mailer::new(&settings(smtp, from, url)).is_ok_and(|mailer| mailer.is_some()));
        for wrong in [
            settings(None, from, url),
            settings(smtp, None, url),
            settings(smtp, from, None),
            settings(smtp, Some("nobody"), url),
            settings(Some("http://h"), from, url),
        ] {
            assert!(Mailer::new(&wrong).is_err());
        }
    }
}
