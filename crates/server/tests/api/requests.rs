//! What holds for every request.

use crate::kit::{ACME, on_both};
use serde_json::json;

#[test]
fn a_created_tag_is_shown_in_full() {
    on_both(|app| {
        let reply = app.as_("ada").post("/tags", json!({ "workspace": ACME, "name": "urgent" }));

        assert_eq!(reply.status, 201);
        assert_eq!(reply.header("location"), Some("/api/1.0/tags/1001"));
        assert_eq!(app.events(), ["tag 1001 added by ada"]);
        insta::assert_snapshot!(reply.pretty(), @r#"
        {
          "data": {
            "gid": "1001",
            "resource_type": "tag",
            "name": "urgent",
            "color": null,
            "notes": "",
            "created_at": "2026-01-01T00:00:00.000Z",
            "followers": [],
            "workspace": {
              "gid": "101",
              "resource_type": "workspace",
              "name": "Acme"
            },
            "permalink_url": "http://localhost/1/101/tag/1001"
          }
        }
        "#);
    });
}
