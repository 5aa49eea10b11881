//! Every operation with a request that is right in the [scene](super::scene), and what ada, eve and mallory are answered.

/// An operation, a request for it, and the statuses for ada (who owns everything), eve (a guest with whom nothing is shared)
/// and mallory (a stranger).
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) path: &'static str,
    /// The fields of the body, as JSON.
    pub(crate) body: &'static str,
    pub(crate) ada: u16,
    pub(crate) eve: u16,
    pub(crate) mallory: u16,
}

const fn case(
    id: &'static str,
    path: &'static str,
    body: &'static str,
    [ada, eve, mallory]: [u16; 3],
) -> Case {
    Case { id, path, body, ada, eve, mallory }
}

/// What most paths answer: an object of Acme that ada may change, that is hidden from eve and unknown to mallory.
const HIDDEN: [u16; 3] = [200, 403, 404];

/// Creating something in such an object.
const NEW: [u16; 3] = [201, 403, 404];

/// Every operation, by section.
pub(crate) const CASES: &[Case] = &[
    // Allocations
    case("getAllocation", "/allocations/943", "", HIDDEN),
    case("updateAllocation", "/allocations/943", r#"{"end_date":"2026-02-28"}"#, HIDDEN),
    case("deleteAllocation", "/allocations/943", "", HIDDEN),
    case("getAllocations", "/allocations?parent=901", "", [200, 403, 400]),
    case(
        "createAllocation",
        "/allocations",
        r#"{"parent":"901","assignee":"202","start_date":"2026-01-05","end_date":"2026-01-09","effort":{"type":"hours","value":20}}"#,
        [201, 403, 400],
    ),
    // Attachments
    case("getAttachment", "/attachments/910", "", HIDDEN),
    case("deleteAttachment", "/attachments/910", "", HIDDEN),
    case("getAttachmentsForObject", "/attachments?parent=903", "", [200, 403, 400]),
    case(
        "createAttachmentForObject",
        "/attachments",
        r#"{"parent":"903","resource_subtype":"external","name":"plan","url":"https://example.com/"}"#,
        [200, 403, 400],
    ),
    case(
        "createAttachmentForTask",
        "/tasks/903/attachments",
        r#"{"resource_subtype":"external","name":"plan","url":"https://example.com/"}"#,
        HIDDEN,
    ),
    case("getAttachmentsForTask", "/tasks/903/attachments", "", HIDDEN),
    // Audit log
    case("getAuditLogEvents", "/workspaces/101/audit_log_events", "", [200, 403, 404]),
    // Batch
    case(
        "createBatchRequest",
        "/batch",
        r#"{"actions":[{"relative_path":"/tasks/903","method":"get"}]}"#,
        [200, 200, 200],
    ),
    // Custom fields
    case("getCustomFieldSettingsForProject", "/projects/901/custom_field_settings", "", HIDDEN),
    case("getCustomFieldSettingsForTeam", "/teams/301/custom_field_settings", "", HIDDEN),
    case(
        "addCustomFieldSettingForProject",
        "/projects/913/addCustomFieldSetting",
        r#"{"custom_field":"907"}"#,
        HIDDEN,
    ),
    case(
        "removeCustomFieldSettingForProject",
        "/projects/901/removeCustomFieldSetting",
        r#"{"custom_field":"907"}"#,
        HIDDEN,
    ),
    case(
        "createCustomField",
        "/custom_fields",
        r#"{"workspace":"101","name":"Size","resource_subtype":"text"}"#,
        [201, 403, 400],
    ),
    case("getCustomField", "/custom_fields/907", "", HIDDEN),
    case("updateCustomField", "/custom_fields/907", r#"{"name":"Urgency"}"#, HIDDEN),
    case("deleteCustomField", "/custom_fields/907", "", HIDDEN),
    case("getCustomFieldsForWorkspace", "/workspaces/101/custom_fields", "", [200, 200, 404]),
    case(
        "createEnumOptionForCustomField",
        "/custom_fields/907/enum_options",
        r#"{"name":"Medium"}"#,
        NEW,
    ),
    case(
        "insertEnumOptionForCustomField",
        "/custom_fields/907/enum_options/insert",
        r#"{"enum_option":"908","after_enum_option":"917"}"#,
        HIDDEN,
    ),
    case("updateEnumOption", "/enum_options/908", r#"{"name":"Highest"}"#, HIDDEN),
    // Goals
    case("getGoalRelationship", "/goal_relationships/932", "", HIDDEN),
    case(
        "updateGoalRelationship",
        "/goal_relationships/932",
        r#"{"contribution_weight":0.5}"#,
        HIDDEN,
    ),
    case("getGoalRelationships", "/goal_relationships?supported_goal=930", "", [200, 403, 400]),
    case(
        "addSupportingRelationship",
        "/goals/930/addSupportingRelationship",
        r#"{"supporting_resource":"913","contribution_weight":1}"#,
        HIDDEN,
    ),
    case(
        "removeSupportingRelationship",
        "/goals/930/removeSupportingRelationship",
        r#"{"supporting_resource":"931"}"#,
        HIDDEN,
    ),
    case("getGoal", "/goals/930", "", HIDDEN),
    case("updateGoal", "/goals/930", r#"{"name":"Renamed"}"#, HIDDEN),
    case("deleteGoal", "/goals/930", "", HIDDEN),
    case("getGoals", "/goals?workspace=101", "", [200, 200, 400]),
    case("createGoal", "/goals", r#"{"workspace":"101","name":"New"}"#, [201, 403, 400]),
    case(
        "createGoalMetric",
        "/goals/931/setMetric",
        r#"{"unit":"percentage","progress_source":"external"}"#,
        HIDDEN,
    ),
    case(
        "updateGoalMetric",
        "/goals/931/setMetricCurrentValue",
        r#"{"current_number_value":7}"#,
        HIDDEN,
    ),
    case("addFollowers", "/goals/930/addFollowers", r#"{"followers":["202"]}"#, HIDDEN),
    case("removeFollowers", "/goals/930/removeFollowers", r#"{"followers":["201"]}"#, HIDDEN),
    case("getParentGoalsForGoal", "/goals/931/parentGoals", "", HIDDEN),
    // Jobs
    case("getJob", "/jobs/961", "", HIDDEN),
    case("cancelJob", "/api/vinyasa/1/jobs/961/cancel", "{}", HIDDEN),
    // Memberships
    case("getMemberships", "/memberships?parent=901", "", [200, 403, 400]),
    case(
        "createMembership",
        "/memberships",
        r#"{"parent":"901","member":"202","access_level":"editor"}"#,
        [201, 403, 400],
    ),
    case("getMembership", "/memberships/911", "", HIDDEN),
    case("updateMembership", "/memberships/921", r#"{"access_level":"viewer"}"#, HIDDEN),
    case("deleteMembership", "/memberships/921", "", HIDDEN),
    // Projects
    case("getProjectMembership", "/project_memberships/911", "", HIDDEN),
    case("getProjectMembershipsForProject", "/projects/901/project_memberships", "", HIDDEN),
    case("getProjects", "/projects?workspace=101", "", [200, 200, 400]),
    case(
        "createProject",
        "/projects",
        r#"{"workspace":"101","team":"301","name":"New"}"#,
        [201, 403, 400],
    ),
    case("getProject", "/projects/901", "", HIDDEN),
    case("updateProject", "/projects/901", r#"{"name":"Renamed"}"#, HIDDEN),
    case("deleteProject", "/projects/901", "", HIDDEN),
    case("getProjectsForTask", "/tasks/903/projects", "", HIDDEN),
    case("getProjectsForTeam", "/teams/301/projects", "", HIDDEN),
    case("createProjectForTeam", "/teams/301/projects", r#"{"name":"New"}"#, NEW),
    case("getProjectsForWorkspace", "/workspaces/101/projects", "", [200, 200, 404]),
    case(
        "createProjectForWorkspace",
        "/workspaces/101/projects",
        r#"{"name":"New","team":"301"}"#,
        NEW,
    ),
    case(
        "searchProjectsForWorkspace",
        "/workspaces/101/projects/search?text=plan",
        "",
        [200, 200, 404],
    ),
    case("getTaskCountsForProject", "/projects/901/task_counts?opt_fields=num_tasks", "", HIDDEN),
    case("addMembersForProject", "/projects/901/addMembers", r#"{"members":"202"}"#, HIDDEN),
    case("removeMembersForProject", "/projects/901/removeMembers", r#"{"members":"202"}"#, HIDDEN),
    case("addFollowersForProject", "/projects/901/addFollowers", r#"{"followers":"202"}"#, HIDDEN),
    case(
        "removeFollowersForProject",
        "/projects/901/removeFollowers",
        r#"{"followers":"202"}"#,
        HIDDEN,
    ),
    // Sections
    case("getSection", "/sections/902", "", HIDDEN),
    case("updateSection", "/sections/902", r#"{"name":"Soon"}"#, HIDDEN),
    case("deleteSection", "/sections/919", "", HIDDEN),
    case("getSectionsForProject", "/projects/901/sections", "", HIDDEN),
    case("createSectionForProject", "/projects/901/sections", r#"{"name":"Soon"}"#, NEW),
    case("addTaskForSection", "/sections/902/addTask", r#"{"task":"903"}"#, HIDDEN),
    case(
        "insertSectionForProject",
        "/projects/901/sections/insert",
        r#"{"section":"902","after_section":"902"}"#,
        HIDDEN,
    ),
    // Stories
    case("getStory", "/stories/905", "", HIDDEN),
    case("updateStory", "/stories/905", r#"{"text":"Really done?"}"#, HIDDEN),
    case("deleteStory", "/stories/905", "", HIDDEN),
    case("getStoriesForTask", "/tasks/903/stories", "", HIDDEN),
    case("createStoryForTask", "/tasks/903/stories", r#"{"text":"Yes"}"#, NEW),
    // Tags
    case("getTags", "/tags?workspace=101", "", [200, 200, 400]),
    case("createTag", "/tags", r#"{"workspace":"101","name":"new"}"#, [201, 403, 400]),
    case("getTag", "/tags/906", "", HIDDEN),
    case("updateTag", "/tags/906", r#"{"name":"renamed"}"#, HIDDEN),
    case("deleteTag", "/tags/906", "", HIDDEN),
    case("getTagsForTask", "/tasks/903/tags", "", HIDDEN),
    case("getTagsForWorkspace", "/workspaces/101/tags", "", [200, 200, 404]),
    case("createTagForWorkspace", "/workspaces/101/tags", r#"{"name":"new"}"#, NEW),
    // Tasks
    case("getTasks", "/tasks?project=901", "", [200, 403, 400]),
    case("getTasksOfWorkspace", "/workspaces/101/tasks?assignee=me", "", [200, 200, 404]),
    case("createTask", "/tasks", r#"{"projects":["901"],"name":"New"}"#, [201, 403, 400]),
    case("createTaskInWorkspace", "/workspaces/101/tasks", r#"{"name":"New"}"#, [201, 201, 404]),
    case("createTaskInProject", "/projects/901/tasks", r#"{"name":"New"}"#, NEW),
    case("getTask", "/tasks/903", "", HIDDEN),
    case("updateTask", "/tasks/903", r#"{"name":"Renamed"}"#, HIDDEN),
    case("deleteTask", "/tasks/903", "", HIDDEN),
    case("duplicateTask", "/tasks/903/duplicate", r#"{"name":"Copy"}"#, NEW),
    case("getTasksForProject", "/projects/901/tasks", "", HIDDEN),
    case("getTasksForSection", "/sections/902/tasks", "", HIDDEN),
    case("getTasksForTag", "/tags/906/tasks", "", HIDDEN),
    case("getTasksForUserTaskList", "/user_task_lists/601/tasks", "", HIDDEN),
    case("getSubtasksForTask", "/tasks/903/subtasks", "", HIDDEN),
    case("createSubtaskForTask", "/tasks/903/subtasks", r#"{"name":"New"}"#, NEW),
    case("setParentForTask", "/tasks/904/setParent", r#"{"parent":"915"}"#, HIDDEN),
    case("getDependenciesForTask", "/tasks/903/dependencies", "", HIDDEN),
    case(
        "addDependenciesForTask",
        "/tasks/903/addDependencies",
        r#"{"dependencies":["915"]}"#,
        HIDDEN,
    ),
    case(
        "removeDependenciesForTask",
        "/tasks/903/removeDependencies",
        r#"{"dependencies":["915"]}"#,
        HIDDEN,
    ),
    case("getDependentsForTask", "/tasks/903/dependents", "", HIDDEN),
    case("addDependentsForTask", "/tasks/903/addDependents", r#"{"dependents":["915"]}"#, HIDDEN),
    case(
        "removeDependentsForTask",
        "/tasks/903/removeDependents",
        r#"{"dependents":["915"]}"#,
        HIDDEN,
    ),
    case("addProjectForTask", "/tasks/903/addProject", r#"{"project":"913"}"#, HIDDEN),
    case("removeProjectForTask", "/tasks/903/removeProject", r#"{"project":"901"}"#, HIDDEN),
    case("addTagForTask", "/tasks/903/addTag", r#"{"tag":"916"}"#, HIDDEN),
    case("removeTagForTask", "/tasks/903/removeTag", r#"{"tag":"906"}"#, HIDDEN),
    case("addFollowersForTask", "/tasks/903/addFollowers", r#"{"followers":["202"]}"#, HIDDEN),
    case("removeFollowerForTask", "/tasks/903/removeFollowers", r#"{"followers":["201"]}"#, HIDDEN),
    case("getTaskForCustomID", "/workspaces/101/tasks/custom_id/NO-1", "", [404, 404, 404]),
    case("searchTasksForWorkspace", "/workspaces/101/tasks/search?text=task", "", [200, 200, 404]),
    // Teams
    case("getTeamMembership", "/team_memberships/701", "", HIDDEN),
    case("getTeamMemberships", "/team_memberships?team=301", "", [200, 403, 400]),
    case("getTeamMembershipsForTeam", "/teams/301/team_memberships", "", HIDDEN),
    case(
        "getTeamMembershipsForUser",
        "/users/201/team_memberships?workspace=101",
        "",
        [200, 404, 404],
    ),
    case("createTeam", "/teams", r#"{"organization":"101","name":"New"}"#, [201, 403, 400]),
    case("getTeam", "/teams/301", "", HIDDEN),
    case("updateTeam", "/teams/301", r#"{"name":"Crew 2"}"#, HIDDEN),
    case("getTeamsForWorkspace", "/workspaces/101/teams", "", [200, 200, 404]),
    case("getTeamsForOrganization", "/organizations/101/teams", "", [200, 200, 404]),
    case("getTeamsForUser", "/users/201/teams?organization=101", "", [200, 404, 404]),
    case("addUserForTeam", "/teams/301/addUser", r#"{"user":"203"}"#, HIDDEN),
    case("removeUserForTeam", "/teams/301/removeUser", r#"{"user":"202"}"#, HIDDEN),
    // Time periods
    case("getTimePeriod", "/time_periods/941", "", HIDDEN),
    case("getTimePeriods", "/time_periods?workspace=101", "", [200, 200, 400]),
    case("getFiscalYear", "/api/vinyasa/1/workspaces/101/fiscal_year", "", [200, 200, 404]),
    case(
        "updateFiscalYear",
        "/api/vinyasa/1/workspaces/101/fiscal_year",
        r#"{"start_month":4}"#,
        [200, 403, 404],
    ),
    // Time tracking entries
    case("getTimeTrackingEntriesForTask", "/tasks/903/time_tracking_entries", "", HIDDEN),
    case(
        "createTimeTrackingEntry",
        "/tasks/903/time_tracking_entries",
        r#"{"duration_minutes":30}"#,
        NEW,
    ),
    case("getTimeTrackingEntry", "/time_tracking_entries/942", "", HIDDEN),
    case(
        "updateTimeTrackingEntry",
        "/time_tracking_entries/942",
        r#"{"duration_minutes":45}"#,
        HIDDEN,
    ),
    case("deleteTimeTrackingEntry", "/time_tracking_entries/942", "", HIDDEN),
    // Users
    case("getUserTaskList", "/user_task_lists/601", "", HIDDEN),
    case("getUserTaskListForUser", "/users/201/user_task_list?workspace=101", "", [200, 404, 404]),
    case("getUsers", "/users?workspace=101", "", [200, 200, 400]),
    case("getUser", "/users/201", "", [200, 404, 404]),
    case("updateUser", "/users/201", r#"{"name":"Ada L."}"#, [200, 404, 404]),
    case(
        "getFavoritesForUser",
        "/users/201/favorites?resource_type=project&workspace=101",
        "",
        [200, 404, 404],
    ),
    case("getUsersForTeam", "/teams/301/users", "", HIDDEN),
    case("getUsersForWorkspace", "/workspaces/101/users", "", [200, 200, 404]),
    case("getUserForWorkspace", "/workspaces/101/users/201", "", [200, 404, 404]),
    case(
        "updateUserForWorkspace",
        "/workspaces/101/users/201",
        r#"{"name":"Ada L."}"#,
        [200, 404, 404],
    ),
    // Workspaces
    case("getWorkspaceMembership", "/workspace_memberships/401", "", HIDDEN),
    case("getWorkspaceMembershipsForUser", "/users/201/workspace_memberships", "", [200, 404, 404]),
    case(
        "getWorkspaceMembershipsForWorkspace",
        "/workspaces/101/workspace_memberships",
        "",
        [200, 200, 404],
    ),
    case("getWorkspaces", "/workspaces", "", [200, 200, 200]),
    case("getWorkspace", "/workspaces/101", "", [200, 200, 404]),
    case("updateWorkspace", "/workspaces/101", r#"{"name":"Acme Inc."}"#, [200, 403, 404]),
    case(
        "addUserForWorkspace",
        "/workspaces/101/addUser",
        r#"{"user":"new@acme.example"}"#,
        [200, 403, 404],
    ),
    case(
        "removeUserForWorkspace",
        "/workspaces/101/removeUser",
        r#"{"user":"202"}"#,
        [200, 403, 404],
    ),
];
