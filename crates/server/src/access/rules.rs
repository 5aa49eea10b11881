//! The rules, one per type. Source: architecture, "Access".

/// Who sees a type, and how much he may do.
pub struct Rule {
    /// The `resource_type`.
    pub name: &'static str,
    /// The condition that a row is live; empty where nothing is put into the trash.
    pub live: &'static str,
    /// Whether a row is visible, in compact form, wherever something visible names it.
    pub named: bool,
    /// The condition that the viewer may see the row.
    pub see: &'static str,
    /// His level, a number.
    pub level: &'static str,
    /// The condition by which a service account sees everything where it is one; elsewhere it sees as anybody does.
    pub service: &'static str,
    /// The ids that the viewer reaches, for scans of guests.
    pub drive: Option<&'static str>,
}

/// The rule of a type that has none: nobody sees it.
pub(super) const HIDDEN: Rule = Rule {
    name: "",
    live: "",
    named: false,
    see: "1 = 0",
    level: "0",
    service: "1 = 0",
    drive: None,
};

const LIVE: &str = "{t}.deleted IS NULL";

/// The viewer is a service account of the row's workspace.
const SERVES: &str = r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND wm.role = 'service') IS NOT NULL"#;

/// Somebody the viewer counts as has a grant.
const GRANTED: &str = r#"(SELECT 1 FROM grants AS g JOIN principals AS a ON a.principal = g.principal WHERE g.object = {t}.gid AND a."user" = :me LIMIT 1) IS NOT NULL"#;

/// The highest of the viewer's grants.
const GRANTED_LEVEL: &str = r#"coalesce((SELECT max(g.level) FROM grants AS g JOIN principals AS a ON a.principal = g.principal WHERE g.object = {t}.gid AND a."user" = :me), 0)"#;

/// Everything that is granted to the viewer.
const GRANTS: &str = r#"SELECT g.object FROM principals AS a JOIN grants AS g ON g.principal = a.principal WHERE a."user" = :me"#;

/// Every rule. `task path` is a part of the rule of tasks: the task's own paths, without those of its ancestors.
pub const RULES: &[Rule] = &[
    Rule {
        name: "workspace",
        live: "",
        named: true,
        see: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.gid AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL"#,
        level: r#"coalesce((SELECT CASE wm.role WHEN 'guest' THEN 1 WHEN 'member' THEN 3 ELSE 4 END FROM workspace_memberships AS wm WHERE wm.workspace = {t}.gid AND wm."user" = :me AND wm.is_active = 1), 0)"#,
        service: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.gid AND wm."user" = :me AND wm.is_active = 1 AND wm.role = 'service') IS NOT NULL"#,
        drive: None,
    },
    // People who share a workspace; a guest those he shares an object with.
    Rule {
        name: "user",
        live: "",
        named: true,
        see: r#"{t}.gid = :me
 OR (SELECT 1 FROM workspace_memberships AS mine JOIN workspace_memberships AS theirs ON theirs.workspace = mine.workspace WHERE mine."user" = :me AND mine.is_active = 1 AND mine.role <> 'guest' AND theirs."user" = {t}.gid AND theirs.is_active = 1 LIMIT 1) IS NOT NULL
 OR (SELECT 1 FROM principals AS a JOIN grants AS g ON g.principal = a.principal JOIN grants AS h ON h.object = g.object JOIN principals AS b ON b.principal = h.principal WHERE a."user" = :me AND b."user" = {t}.gid LIMIT 1) IS NOT NULL"#,
        level: r#"CASE WHEN {t}.gid = :me THEN 4 WHEN :see(user, {t}) THEN 1 ELSE 0 END"#,
        service: r#"(SELECT 1 FROM workspace_memberships AS mine JOIN workspace_memberships AS theirs ON theirs.workspace = mine.workspace WHERE mine."user" = :me AND mine.is_active = 1 AND mine.role = 'service' AND theirs."user" = {t}.gid LIMIT 1) IS NOT NULL"#,
        drive: None,
    },
    Rule {
        name: "workspace_membership",
        live: "",
        named: false,
        see: r#"{t}."user" = :me OR (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND wm.role <> 'guest') IS NOT NULL"#,
        level: r#"coalesce((SELECT CASE wm.role WHEN 'guest' THEN CASE WHEN {t}."user" = :me THEN 1 ELSE 0 END WHEN 'member' THEN 3 ELSE 4 END FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1), 0)"#,
        service: SERVES,
        drive: None,
    },
    // Members; public teams and (by name) those that can be asked to join: full members of the workspace.
    Rule {
        name: "team",
        live: "",
        named: false,
        see: r#"(SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.gid) IS NOT NULL
 OR ({t}.visibility <> 'secret' AND (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL)"#,
        level: r#"coalesce((SELECT CASE WHEN tm.is_admin = 1 OR (SELECT 1 FROM workspace_memberships AS wa WHERE wa.workspace = {t}.workspace AND wa."user" = :me AND wa.is_active = 1 AND wa.role = 'admin') IS NOT NULL THEN 4 ELSE 3 END FROM team_memberships AS tm WHERE tm.team = {t}.gid AND tm."user" = :me), CASE WHEN {t}.visibility = 'secret' THEN 0 ELSE coalesce((SELECT CASE wm.role WHEN 'guest' THEN 0 WHEN 'member' THEN CASE {t}.visibility WHEN 'public' THEN 2 ELSE 1 END ELSE 4 END FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1), 0) END)"#,
        service: SERVES,
        drive: None,
    },
    // What a team shows besides its name: to those who may look inside.
    Rule {
        name: "team inside",
        live: "",
        named: false,
        see: ":level(team, {t}) >= 2",
        level: ":level(team, {t})",
        service: SERVES,
        drive: None,
    },
    // The list of a team's people is for its members, and for all full members where the team is public.
    Rule {
        name: "team_membership",
        live: "",
        named: false,
        see: r#"{t}."user" = :me OR (SELECT 1 FROM teams AS tt WHERE tt.gid = {t}.team AND :level(team, tt) >= 2) IS NOT NULL"#,
        level: r#"coalesce((SELECT :level(team, tt) FROM teams AS tt WHERE tt.gid = {t}.team), 0)"#,
        service: SERVES,
        drive: None,
    },
    // Whatever is shared by grants: projects, portfolios, goals.
    Rule {
        name: "project",
        live: LIVE,
        named: false,
        see: GRANTED,
        level: GRANTED_LEVEL,
        service: SERVES,
        drive: Some(GRANTS),
    },
    Rule {
        name: "portfolio",
        live: LIVE,
        named: false,
        see: GRANTED,
        level: GRANTED_LEVEL,
        service: SERVES,
        drive: Some(GRANTS),
    },
    Rule {
        name: "goal",
        live: LIVE,
        named: false,
        see: GRANTED,
        level: GRANTED_LEVEL,
        service: SERVES,
        drive: Some(GRANTS),
    },
    // As the goal that is supported, and only together with what supports it.
    Rule {
        name: "goal_relationship",
        live: "",
        named: false,
        see: "(SELECT 1 FROM goals AS gg WHERE gg.gid = {t}.supported_goal AND :see(goal, gg)) IS NOT NULL
 AND CASE {t}.supporting_type
  WHEN 'goal' THEN (SELECT 1 FROM goals AS sg WHERE sg.gid = {t}.supporting_resource AND :see(goal, sg))
  WHEN 'project' THEN (SELECT 1 FROM projects AS sp WHERE sp.gid = {t}.supporting_resource AND :see(project, sp))
  WHEN 'portfolio' THEN (SELECT 1 FROM portfolios AS sf WHERE sf.gid = {t}.supporting_resource AND :see(portfolio, sf))
  ELSE (SELECT 1 FROM tasks AS tk WHERE tk.gid = {t}.supporting_resource AND :see(task, tk)) END IS NOT NULL",
        level: "CASE WHEN :see(goal_relationship, {t}) THEN coalesce((SELECT :level(goal, gg) FROM goals AS gg WHERE gg.gid = {t}.supported_goal AND gg.deleted IS NULL), 0) ELSE 0 END",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "time_period",
        live: "",
        named: true,
        see: r#"(SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL"#,
        level: "CASE WHEN :see(time_period, {t}) THEN 1 ELSE 0 END",
        service: SERVES,
        drive: None,
    },
    // Time is seen with its task. Who entered it administers it, and so do those who administer the task.
    Rule {
        name: "time_tracking_entry",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM tasks AS tk WHERE tk.gid = {t}.task AND :see(task, tk)) IS NOT NULL",
        level: "coalesce((SELECT CASE WHEN {t}.created_by = :me AND :level(task, tk) >= 1 THEN 4 ELSE :level(task, tk) END FROM tasks AS tk WHERE tk.gid = {t}.task AND tk.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "allocation",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // A job is its creator's alone, as long as he is in the workspace; those that finish a request are nobody's.
    Rule {
        name: "job",
        live: "{t}.result_type IS NOT NULL",
        named: false,
        see: r#"{t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL"#,
        level: "CASE WHEN {t}.created_by = :me THEN 4 ELSE 0 END",
        service: "1 = 0",
        drive: None,
    },
    // For the admins of the workspace and its service accounts.
    Rule {
        name: "organization_export",
        live: "",
        named: false,
        see: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND wm.role IN ('admin', 'service')) IS NOT NULL"#,
        level: "CASE WHEN :see(organization_export, {t}) THEN 4 ELSE 0 END",
        service: SERVES,
        drive: None,
    },
    // A template is its owner's, and where it is public its team's, or the workspace's where it has no team.
    Rule {
        name: "project_template",
        live: LIVE,
        named: false,
        see: r#"({t}.owner = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL)
 OR ({t}.is_public = 1 AND (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = coalesce({t}.team, {t}.workspace)) IS NOT NULL)"#,
        level: r#"CASE WHEN {t}.owner = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL THEN 4 WHEN {t}.is_public = 1 AND (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = coalesce({t}.team, {t}.workspace)) IS NOT NULL THEN 1 ELSE 0 END"#,
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "task_template",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.project AND :see(project, pp)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.project AND pp.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "project_membership",
        live: "",
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.project AND :see(project, pp)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.project AND pp.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "portfolio_membership",
        live: "",
        named: false,
        see: "(SELECT 1 FROM portfolios AS po WHERE po.gid = {t}.portfolio AND :see(portfolio, po)) IS NOT NULL",
        level: "coalesce((SELECT :level(portfolio, po) FROM portfolios AS po WHERE po.gid = {t}.portfolio AND po.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // The same rows in the form that all memberships share.
    Rule {
        name: "membership",
        live: "",
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL OR (SELECT 1 FROM portfolios AS po WHERE po.gid = {t}.parent AND :see(portfolio, po)) IS NOT NULL OR (SELECT 1 FROM goals AS go WHERE go.gid = {t}.parent AND :see(goal, go)) IS NOT NULL OR (SELECT 1 FROM custom_fields AS cf WHERE cf.gid = {t}.parent AND :see(custom_field, cf)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL), (SELECT :level(portfolio, po) FROM portfolios AS po WHERE po.gid = {t}.parent AND po.deleted IS NULL), (SELECT :level(goal, go) FROM goals AS go WHERE go.gid = {t}.parent AND go.deleted IS NULL), (SELECT :level(custom_field, cf) FROM custom_fields AS cf WHERE cf.gid = {t}.parent AND cf.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // What is said about the state of something is seen with it. Its author administers it.
    Rule {
        name: "status_update",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL OR (SELECT 1 FROM portfolios AS po WHERE po.gid = {t}.parent AND :see(portfolio, po)) IS NOT NULL OR (SELECT 1 FROM goals AS go WHERE go.gid = {t}.parent AND :see(goal, go)) IS NOT NULL",
        level: "coalesce((SELECT CASE WHEN {t}.author = :me AND above.level >= 1 THEN 4 ELSE above.level END FROM (SELECT :level(project, pp) AS level FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL UNION ALL SELECT :level(portfolio, po) FROM portfolios AS po WHERE po.gid = {t}.parent AND po.deleted IS NULL UNION ALL SELECT :level(goal, go) FROM goals AS go WHERE go.gid = {t}.parent AND go.deleted IS NULL) AS above), 0)",
        service: SERVES,
        drive: None,
    },
    // The same rows in the old form, those of projects.
    Rule {
        name: "project_status",
        live: "{t}.deleted IS NULL AND {t}.parent_type = 'project'",
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL",
        level: "coalesce((SELECT CASE WHEN {t}.author = :me AND :level(project, pp) >= 1 THEN 4 ELSE :level(project, pp) END FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "project_brief",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.project AND :see(project, pp)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.project AND pp.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // A project's sections as the project; the sections of a user task list for its owner.
    Rule {
        name: "section",
        live: LIVE,
        named: true,
        see: r#"(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.container AND :see(project, pp)) IS NOT NULL
 OR (SELECT 1 FROM user_task_lists AS l WHERE l.gid = {t}.container AND :level(user_task_list, l) = 4) IS NOT NULL"#,
        level: r#"coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.container AND pp.deleted IS NULL), (SELECT 4 FROM user_task_lists AS l WHERE l.gid = {t}.container AND :level(user_task_list, l) = 4), 0)"#,
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "task path",
        live: "",
        named: false,
        see: r#"{t}.assignee = :me
 OR (SELECT 1 FROM task_projects AS tp JOIN grants AS g ON g.object = tp.project JOIN principals AS a ON a.principal = g.principal WHERE tp.task = {t}.gid AND a."user" = :me LIMIT 1) IS NOT NULL
 OR ({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL)
 OR (SELECT 1 FROM task_followers AS tf WHERE tf.task = {t}.gid AND tf."user" = :me AND tf.grants = 1) IS NOT NULL"#,
        // The highest of assignee and projects; creator and granted followers edit only if they reach none of its projects.
        level: r#"coalesce((SELECT max(l.level) FROM (SELECT g.level FROM task_projects AS tp JOIN grants AS g ON g.object = tp.project JOIN principals AS a ON a.principal = g.principal WHERE tp.task = {t}.gid AND a."user" = :me UNION ALL SELECT 3 WHERE {t}.assignee = :me) AS l),
 CASE WHEN ({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL)
 OR (SELECT 1 FROM task_followers AS tf WHERE tf.task = {t}.gid AND tf."user" = :me AND tf.grants = 1) IS NOT NULL THEN 3 ELSE 0 END)"#,
        service: SERVES,
        drive: None,
    },
    // Its own paths, else those of its nearest reachable ancestor.
    Rule {
        name: "task",
        live: LIVE,
        named: false,
        see: r#":see(task path, {t})
 OR ({t}.parent IS NOT NULL AND (WITH RECURSIVE up(gid, parent) AS (
   SELECT p.gid, p.parent FROM tasks AS p WHERE p.gid = {t}.parent
   UNION ALL SELECT p.gid, p.parent FROM tasks AS p JOIN up ON p.gid = up.parent)
  SELECT 1 FROM up JOIN tasks AS x ON x.gid = up.gid WHERE x.deleted IS NULL AND :see(task path, x) LIMIT 1) IS NOT NULL)"#,
        level: r#"coalesce(nullif(:level(task path, {t}), 0), CASE WHEN {t}.parent IS NULL THEN 0 ELSE (WITH RECURSIVE up(gid, parent, depth) AS (
   SELECT p.gid, p.parent, 1 FROM tasks AS p WHERE p.gid = {t}.parent
   UNION ALL SELECT p.gid, p.parent, up.depth + 1 FROM tasks AS p JOIN up ON p.gid = up.parent)
  SELECT above.level FROM (SELECT up.depth AS depth, :level(task path, x) AS level FROM up JOIN tasks AS x ON x.gid = up.gid WHERE x.deleted IS NULL) AS above WHERE above.level > 0 ORDER BY above.depth LIMIT 1) END, 0)"#,
        service: SERVES,
        drive: Some(
            r#"WITH RECURSIVE mine(gid) AS (
   SELECT tp.task FROM principals AS a JOIN grants AS g ON g.principal = a.principal JOIN task_projects AS tp ON tp.project = g.object WHERE a."user" = :me
   UNION SELECT ta.gid FROM tasks AS ta WHERE ta.assignee = :me
   UNION SELECT tc.gid FROM workspace_memberships AS wm JOIN tasks AS tc ON tc.created_by = wm."user" AND tc.workspace = wm.workspace WHERE wm."user" = :me AND wm.is_active = 1
   UNION SELECT tf.task FROM task_followers AS tf WHERE tf."user" = :me AND tf.grants = 1),
  reached(gid) AS (SELECT mine.gid FROM mine UNION SELECT c.gid FROM reached JOIN tasks AS c ON c.parent = reached.gid)
  SELECT reached.gid FROM reached"#,
        ),
    },
    // Full members see whose list it is; guests have their own. Whoever left the workspace has none.
    Rule {
        name: "user_task_list",
        live: "",
        named: false,
        see: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND (wm.role <> 'guest' OR {t}.owner = :me)) IS NOT NULL"#,
        level: r#"coalesce((SELECT CASE WHEN {t}.owner = :me THEN 4 WHEN wm.role = 'guest' THEN 0 ELSE 1 END FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1), 0)"#,
        service: SERVES,
        drive: None,
    },
    // Members of the workspace see its tags, guests those of tasks they reach; full members edit them.
    Rule {
        name: "tag",
        live: LIVE,
        named: true,
        see: r#"(SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL
 OR ({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL)
 OR (SELECT 1 FROM task_tags AS tt JOIN tasks AS tk ON tk.gid = tt.task WHERE tt.tag = {t}.gid AND :see(task, tk) LIMIT 1) IS NOT NULL"#,
        level: r#"CASE WHEN (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL OR ({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL) THEN 3 WHEN :see(tag, {t}) THEN 1 ELSE 0 END"#,
        service: SERVES,
        drive: Some(
            r#"SELECT tt.tag FROM task_tags AS tt JOIN tasks AS tk ON tk.gid = tt.task WHERE :scan(task, tk) UNION SELECT tg.gid FROM workspace_memberships AS wm JOIN tags AS tg ON tg.workspace = wm.workspace AND tg.created_by = wm."user" WHERE wm."user" = :me AND wm.is_active = 1"#,
        ),
    },
    // A comment is seen with its task. Its author administers it, and so do those who administer the task.
    Rule {
        name: "story",
        live: LIVE,
        named: false,
        see: "(SELECT 1 FROM tasks AS tk WHERE tk.gid = {t}.target AND :see(task, tk)) IS NOT NULL",
        level: "coalesce((SELECT CASE WHEN {t}.created_by = :me AND :level(task, tk) >= 1 THEN 4 ELSE :level(task, tk) END FROM tasks AS tk WHERE tk.gid = {t}.target AND tk.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "attachment",
        live: "{t}.deleted IS NULL AND {t}.state = 'stored'",
        named: false,
        see: "(SELECT 1 FROM tasks AS tk WHERE tk.gid = {t}.parent AND :see(task, tk)) IS NOT NULL OR (SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL OR (SELECT 1 FROM project_briefs AS pb WHERE pb.gid = {t}.parent AND :see(project_brief, pb)) IS NOT NULL",
        level: "coalesce((SELECT :level(task, tk) FROM tasks AS tk WHERE tk.gid = {t}.parent AND tk.deleted IS NULL), (SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL), (SELECT :level(project_brief, pb) FROM project_briefs AS pb WHERE pb.gid = {t}.parent AND pb.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // Members of the workspace see its fields, unless private; guests those of projects they reach (projects in the trash have
    // no grants). A field's own members have its grants. A local field is seen with
    // its project.
    Rule {
        name: "custom_field",
        live: LIVE,
        named: true,
        see: r#"({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL)
 OR ({t}.privacy_setting <> 'private' AND {t}.local_to IS NULL AND (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL)
 OR (SELECT 1 FROM principals AS a JOIN grants AS g ON g.principal = a.principal JOIN custom_field_settings AS cs ON cs.parent = g.object AND cs.custom_field = {t}.gid WHERE a."user" = :me LIMIT 1) IS NOT NULL
 OR (SELECT 1 FROM grants AS g JOIN principals AS a ON a.principal = g.principal WHERE g.object = {t}.gid AND a."user" = :me LIMIT 1) IS NOT NULL"#,
        level: r#"coalesce((SELECT max(l.level) FROM (SELECT g.level FROM grants AS g JOIN principals AS a ON a.principal = g.principal WHERE g.object = {t}.gid AND a."user" = :me UNION ALL SELECT CASE WHEN ({t}.created_by = :me AND (SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1) IS NOT NULL) THEN 4 WHEN NOT (:see(custom_field, {t})) THEN 0 WHEN (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NULL THEN 1 WHEN {t}.default_access_level = 'admin' THEN 4 ELSE coalesce((SELECT 4 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND wm.role = 'admin'), CASE WHEN {t}.default_access_level = 'editor' THEN 3 ELSE 1 END) END) AS l), 0)"#,
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "enum_option",
        live: "",
        named: true,
        see: "(SELECT 1 FROM custom_fields AS cf WHERE cf.gid = {t}.custom_field AND :see(custom_field, cf)) IS NOT NULL",
        level: "coalesce((SELECT :level(custom_field, cf) FROM custom_fields AS cf WHERE cf.gid = {t}.custom_field AND cf.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "custom_field_setting",
        live: "",
        named: false,
        see: "(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.parent AND :see(project, pp)) IS NOT NULL OR (SELECT 1 FROM portfolios AS po WHERE po.gid = {t}.parent AND :see(portfolio, po)) IS NOT NULL OR (SELECT 1 FROM goals AS go WHERE go.gid = {t}.parent AND :see(goal, go)) IS NOT NULL",
        level: "coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.parent AND pp.deleted IS NULL), (SELECT :level(portfolio, po) FROM portfolios AS po WHERE po.gid = {t}.parent AND po.deleted IS NULL), (SELECT :level(goal, go) FROM goals AS go WHERE go.gid = {t}.parent AND go.deleted IS NULL), 0)",
        service: SERVES,
        drive: None,
    },
    // What is a user's own, as long as he sees what it is about.
    Rule {
        name: "notification",
        live: "",
        named: false,
        see: r#"{t}."user" = :me AND ((SELECT 1 FROM tasks AS tk WHERE tk.gid = {t}.resource AND :see(task, tk)) IS NOT NULL OR (SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.resource AND :see(project, pp)) IS NOT NULL OR (SELECT 1 FROM portfolios AS po WHERE po.gid = {t}.resource AND :see(portfolio, po)) IS NOT NULL OR (SELECT 1 FROM goals AS go WHERE go.gid = {t}.resource AND :see(goal, go)) IS NOT NULL OR (SELECT 1 FROM teams AS te WHERE te.gid = {t}.resource AND :see(team, te)) IS NOT NULL) AND ({t}.subject IS NULL OR (SELECT 1 FROM projects AS ps WHERE ps.gid = {t}.subject AND :see(project, ps)) IS NOT NULL)"#,
        level: "CASE WHEN :see(notification, {t}) THEN 4 ELSE 0 END",
        service: "1 = 0",
        drive: None,
    },
    // With its project, but not for guests: it names people and places that are not for them.
    Rule {
        name: "rule",
        live: "",
        named: false,
        see: r#"(SELECT 1 FROM projects AS pp WHERE pp.gid = {t}.project AND :see(project, pp)) IS NOT NULL AND (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NOT NULL"#,
        level: r#"CASE WHEN (SELECT 1 FROM principals AS a WHERE a."user" = :me AND a.principal = {t}.workspace) IS NULL THEN 0 ELSE coalesce((SELECT :level(project, pp) FROM projects AS pp WHERE pp.gid = {t}.project AND pp.deleted IS NULL), 0) END"#,
        service: SERVES,
        drive: None,
    },
    Rule {
        name: "rule_run",
        live: "",
        named: false,
        see: "(SELECT 1 FROM rules AS ru WHERE ru.gid = {t}.rule AND :see(rule, ru)) IS NOT NULL",
        level: "CASE WHEN :see(rule_run, {t}) THEN 1 ELSE 0 END",
        service: SERVES,
        drive: None,
    },
    // Who made it; admins of the workspace look after all.
    Rule {
        name: "webhook",
        live: "{t}.state = 'live'",
        named: false,
        see: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND (wm.role = 'admin' OR {t}.created_by = :me)) IS NOT NULL"#,
        level: r#"coalesce((SELECT 4 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND (wm.role = 'admin' OR {t}.created_by = :me)), 0)"#,
        service: SERVES,
        drive: None,
    },
    // What was sent names what its maker sees, so it is for him.
    Rule {
        name: "webhook_delivery",
        live: "",
        named: false,
        see: "(SELECT 1 FROM webhooks AS wh WHERE wh.gid = {t}.webhook AND wh.created_by = :me AND :see(webhook, wh)) IS NOT NULL",
        level: "coalesce((SELECT :level(webhook, wh) FROM webhooks AS wh WHERE wh.gid = {t}.webhook AND wh.state = 'live' AND wh.created_by = :me), 0)",
        service: SERVES,
        drive: None,
    },
    // What is a user's own: nobody else sees it.
    Rule {
        name: "session",
        live: "",
        named: false,
        see: r#"{t}."user" = :me"#,
        level: r#"CASE WHEN {t}."user" = :me THEN 4 ELSE 0 END"#,
        service: "1 = 0",
        drive: None,
    },
    Rule {
        name: "token",
        live: "{t}.revoked_at IS NULL",
        named: false,
        see: r#"{t}."user" = :me"#,
        level: r#"CASE WHEN {t}."user" = :me THEN 4 ELSE 0 END"#,
        service: "1 = 0",
        drive: None,
    },
    Rule {
        name: "preferences",
        live: "",
        named: false,
        see: "{t}.gid = :me",
        level: "CASE WHEN {t}.gid = :me THEN 4 ELSE 0 END",
        service: "1 = 0",
        drive: None,
    },
    // Full members see who is invited; admins and who invited take invitations back.
    Rule {
        name: "invitation",
        live: "",
        named: false,
        see: r#"(SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1 AND wm.role <> 'guest') IS NOT NULL"#,
        level: r#"coalesce((SELECT CASE WHEN wm.role = 'guest' THEN 0 WHEN wm.role = 'admin' OR {t}.invited_by = :me THEN 4 ELSE 1 END FROM workspace_memberships AS wm WHERE wm.workspace = {t}.workspace AND wm."user" = :me AND wm.is_active = 1), 0)"#,
        service: SERVES,
        drive: None,
    },
];
