//! Rich text and its plain twin.

use crate::kit::{ADA, MALLORY, on_both};
use serde_json::json;

#[test]
fn notes_have_a_plain_and_a_rich_form() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let path = format!("/tasks/{task}?opt_fields=notes,html_notes");
        let ada = app.as_("ada");
        let shown = |notes: &str, html: &str| {
            let data = ada.get(&path).data();
            assert_eq!(
                (data["notes"].as_str(), data["html_notes"].as_str()),
                (Some(notes), Some(html))
            );
        };

        shown("", "<body></body>");
        ada.put(&format!("/tasks/{task}"), json!({ "notes": "a & b\n<c>" })).data();
        shown("a & b\n<c>", "<body>a &amp; b\n&lt;c&gt;</body>");
        let html = "<body>x <strong>y</strong><ul><li>z</li></ul></body>";
        ada.put(&format!("/tasks/{task}"), json!({ "html_notes": html })).data();
        shown("x y\nz", html);
        ada.put(&format!("/tasks/{task}"), json!({ "notes": null })).data();
        shown("", "<body></body>");
    });
}

#[test]
fn a_mention_reads_as_the_name_that_its_reader_may_see() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "public_to_workspace" }));
        let secret = app.has("task", json!({ "name": "Secret" }));
        let html = format!(
            "<body>See <a data-asana-gid=\"{secret}\"/> by <a data-asana-gid=\"{ADA}\"/></body>"
        );
        let task = app.has("task", json!({ "projects": [project], "html_notes": html }));
        let path = format!("/tasks/{task}?opt_fields=notes,html_notes");

        let data = app.as_("ada").get(&path).data();
        let link = format!("http://localhost/1/101/task/{secret}");
        assert_eq!(data["notes"], format!("See {link} by @Ada"));
        assert_eq!(
            data["html_notes"],
            format!(
                "<body>See <a href=\"{link}\" data-asana-gid=\"{secret}\" data-asana-accessible=\"true\" data-asana-type=\"task\">Secret</a> by <a href=\"http://localhost/1/101/profile/{ADA}\" data-asana-gid=\"{ADA}\" data-asana-accessible=\"true\" data-asana-type=\"user\">@Ada</a></body>"
            )
        );
        let data = app.as_("bob").get(&path).data();
        assert_eq!(data["notes"], "See Private Link by @Ada");
        let rendered = data["html_notes"].as_str().unwrap();
        assert!(
            rendered.contains("data-asana-accessible=\"false\">Private Link</a>"),
            "{rendered}"
        );
        assert!(!rendered.contains("Secret"), "{rendered}");

        // What a reader got may be sent back, hidden links too, and the others still see them.
        app.as_("bob").put(&format!("/tasks/{task}"), json!({ "html_notes": rendered })).data();
        let data = app.as_("ada").get(&path).data();
        assert_eq!(data["notes"], format!("See {link} by @Ada"));
    });
}

#[test]
fn nobody_links_what_he_does_not_see() {
    on_both(|app| {
        let secret = app.has("task", json!({ "name": "Secret" }));
        for gid in [secret.as_str(), MALLORY, "99999"] {
            let html = format!("<body><a data-asana-gid=\"{gid}\"/></body>");
            let fields = json!({ "name": "x", "workspace": crate::kit::ACME, "html_notes": html });
            assert_eq!(
                app.as_("bob").post("/tasks", fields).error(400),
                format!("html_notes: XML is invalid: Unknown object: {gid}")
            );
        }
    });
}

#[test]
fn texts_of_many_rows_take_no_more_statements() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let html = format!("<body><a data-asana-gid=\"{ADA}\"/></body>");
        let path = format!("/projects/{project}/tasks?opt_fields=notes,html_notes");
        let task = || app.has("task", json!({ "projects": [project], "html_notes": html }));
        task();
        let few = app.as_("ada").get(&path).statements();
        for _ in 0..5 {
            task();
        }
        assert_eq!(app.as_("ada").get(&path).statements(), few);
    });
}
