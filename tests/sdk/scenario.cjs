// A small team ships a release, told through the official Node SDK (asana 3.x), unmodified but for the host.
//
// Run by `tests/sdk/run.py`, which starts the server and sets the same VINYASA_… variables as for scenario.py.
// Each chapter is a function; an exception ends the chapter, not the story.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const zlib = require('zlib');
const Asana = require('asana');

const { VINYASA_URL: URL_BASE, VINYASA_WORKSPACE: WORKSPACE, VINYASA_DOMAIN: DOMAIN } = process.env;
const UNKNOWN = '999999999999999';

let passed = 0;
let failed = 0;

/** Counts one expectation; says what was different. Values are compared by their JSON. */
function expect(what, got, wanted = true) {
  if (JSON.stringify(got) === JSON.stringify(wanted)) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED  ${what}\n        got    ${JSON.stringify(got)}\n        wanted ${JSON.stringify(wanted)}`);
  }
}

/** Expects the SDK's promise to be rejected with this status, in Asana's form, with `says` in its message. */
async function refused(what, status, promise, says = '') {
  try {
    await promise;
  } catch (error) {
    const message = error.response?.body?.errors?.[0]?.message;
    expect(`${what}: status (${message ?? error})`, error.status, status);
    expect(`${what}: "${message}" says "${says}"`, typeof message === 'string' && message.includes(says));
    return;
  }
  expect(`${what}: refused`, false);
}

/** The SDK's resource classes, speaking with one person's token: `ada.Tasks.getTask(…)`. */
function api(token) {
  const client = new Asana.ApiClient();
  client.basePath = URL_BASE;
  client.authentications.token.accessToken = token;
  return new Proxy({}, { get: (_, name) => new Asana[`${name}Api`](client) });
}

/** Every row of a collection, page after page. */
async function all(first) {
  const rows = [];
  for (let page = await first; page && page.data; page = await page.nextPage()) rows.push(...page.data);
  return rows;
}

const one = async (promise) => (await promise).data;
const gids = (rows) => rows.map((row) => row.gid);
const names = (rows) => rows.map((row) => row.name);
const sorted = (values) => [...values].sort();
const data = (fields) => ({ data: fields });

const ada = api(process.env.VINYASA_ADA);
const bob = api(process.env.VINYASA_BOB);
const eve = api(process.env.VINYASA_EVE);
const mallory = api(process.env.VINYASA_MALLORY);
const w = {}; // What the chapters hand on to one another.

async function peopleAndWorkspace() {
  const me = await one(ada.Users.getUser('me', {}));
  w.ada = me.gid;
  w.bob = (await one(bob.Users.getUser('me', {}))).gid;
  w.eve = (await one(eve.Users.getUser('me', {}))).gid;
  expect('me', [me.resource_type, me.email], ['user', `ada@${DOMAIN}`]);
  expect('a user by e-mail', (await one(ada.Users.getUser(`bob@${DOMAIN}`, {}))).gid, w.bob);
  const people = gids(await all(ada.Users.getUsersForWorkspace(WORKSPACE, { limit: 1 })));
  expect('pages of one hold everybody once', people.length, new Set(people).size);
  expect('the three are there', [w.ada, w.bob, w.eve].every((gid) => people.includes(gid)));
  expect('users', gids(await all(ada.Users.getUsers({ workspace: WORKSPACE }))).includes(w.eve));
  expect('no favourites', (await ada.Users.getFavoritesForUser('me', 'project', WORKSPACE, {})).data, []);
  expect('workspaces', gids(await all(ada.Workspaces.getWorkspaces({ limit: 100 }))).includes(WORKSPACE));
  expect('an organization', (await one(ada.Workspaces.getWorkspace(WORKSPACE, {}))).is_organization);
  expect('renamed', (await one(ada.Workspaces.updateWorkspace(data({ name: 'Acme Web' }), WORKSPACE, {}))).name, 'Acme Web');
  const joined = await one(ada.Workspaces.addUserForWorkspace(data({ user: `kim@${DOMAIN}` }), WORKSPACE, {}));
  const rows = await all(
    ada.WorkspaceMemberships.getWorkspaceMembershipsForWorkspace(WORKSPACE, { opt_fields: 'user,is_guest,is_admin' }),
  );
  const guest = Object.fromEntries(rows.map((row) => [row.user.gid, row.is_guest]));
  expect('who is a guest', [guest[w.ada], guest[joined.gid], guest[w.eve]], [false, false, true]);
  const mine = rows.find((row) => row.user.gid === w.ada).gid;
  expect('a membership', (await one(ada.WorkspaceMemberships.getWorkspaceMembership(mine, {}))).workspace.gid, WORKSPACE);
  expect('mine', gids(await all(ada.WorkspaceMemberships.getWorkspaceMembershipsForUser('me', {}))).includes(mine));
  expect('leaves', (await ada.Workspaces.removeUserForWorkspace(data({ user: joined.gid }), WORKSPACE)).data, {});
}

async function teams() {
  const team = await one(ada.Teams.createTeam(data({ name: 'Web', organization: WORKSPACE, description: 'Browsers' }), {}));
  w.team = team.gid;
  expect('a team', [team.name, team.organization.gid], ['Web', WORKSPACE]);
  expect('read', (await one(ada.Teams.getTeam(w.team, { opt_fields: 'description' }))).description, 'Browsers');
  expect('updated', (await one(ada.Teams.updateTeam(data({ name: 'Web app' }), w.team, {}))).name, 'Web app');
  expect('of the workspace', gids(await all(ada.Teams.getTeamsForWorkspace(WORKSPACE, {}))).includes(w.team));
  expect('of mine', gids(await all(ada.Teams.getTeamsForUser('me', WORKSPACE, {}))).includes(w.team));
  const joined = await one(ada.Teams.addUserForTeam(data({ user: w.bob }), w.team, {}));
  expect('Bob joins', [joined.resource_type, joined.user.gid], ['team_membership', w.bob]);
  expect('people', sorted(gids(await all(ada.Users.getUsersForTeam(w.team, {})))), sorted([w.ada, w.bob]));
  const m = ada.TeamMemberships;
  expect('memberships', gids(await all(m.getTeamMembershipsForTeam(w.team, {}))).includes(joined.gid));
  expect('of Bob', gids(await all(m.getTeamMembershipsForUser(w.bob, WORKSPACE, {}))), [joined.gid]);
  expect('by team', gids(await all(m.getTeamMemberships({ team: w.team }))).includes(joined.gid));
  expect('one', (await one(m.getTeamMembership(joined.gid, {}))).team.gid, w.team);
  expect('Bob leaves', (await ada.Teams.removeUserForTeam(data({ user: w.bob }), w.team)).data, {});
  await ada.Teams.addUserForTeam(data({ user: w.bob }), w.team, {});
}

async function projects() {
  const p = ada.Projects;
  const made = await one(p.createProject(data({ name: 'Release week', workspace: WORKSPACE, team: w.team, color: 'dark-blue' }), {}));
  w.project = made.gid;
  expect('a project', [made.name, made.color, made.owner.gid], ['Release week', 'dark-blue', w.ada]);
  expect('read', (await one(p.getProject(w.project, {}))).archived, false);
  const other = (await one(p.createProjectForTeam(data({ name: 'Office move' }), w.team, {}))).gid;
  const third = (await one(p.createProjectForWorkspace(data({ name: 'Old site', team: w.team }), WORKSPACE, {}))).gid;
  w.other = other;
  const updated = await one(p.updateProject(data({ notes: 'Monday to Friday', due_on: '2031-04-04' }), w.project, {}));
  expect('updated', [updated.notes, updated.due_on], ['Monday to Friday', '2031-04-04']);
  await p.updateProject(data({ archived: true }), third, {});
  expect('running', gids(await all(p.getProjects({ workspace: WORKSPACE, archived: false, limit: 100 }))).includes(third), false);
  expect('of the team', gids(await all(p.getProjectsForTeam(w.team, { limit: 2 }))).length, 3);
  expect('of the workspace', gids(await all(p.getProjectsForWorkspace(WORKSPACE, { limit: 1 }))).includes(w.project));
  expect('deleted', (await p.deleteProject(third)).data, {});
  await refused('a deleted project', 404, p.getProject(third, {}), 'Unknown object');
  expect('member', gids((await one(p.addMembersForProject(data({ members: w.bob }), w.project, {}))).members).includes(w.bob));
  expect('follows', gids((await one(p.addFollowersForProject(data({ followers: w.bob }), w.project, {}))).followers).includes(w.bob));
  const silent = await one(p.removeFollowersForProject(data({ followers: w.bob }), w.project, {}));
  expect('stops following', gids(silent.followers).includes(w.bob), false);
  await p.addMembersForProject(data({ members: w.bob }), other, {});
  const left = await one(p.removeMembersForProject(data({ members: w.bob }), other, {}));
  expect('leaves', gids(left.members).includes(w.bob), false);

  const m = ada.Memberships;
  const shared = await one(m.createMembership({ body: data({ parent: w.project, member: w.eve, access_level: 'commenter' }) }));
  expect('shared with Eve', [shared.member.gid, shared.access_level], [w.eve, 'commenter']);
  expect('read', (await one(m.getMembership(shared.gid))).parent.gid, w.project);
  expect('raised', (await one(m.updateMembership(data({ access_level: 'editor' }), shared.gid))).access_level, 'editor');
  await m.updateMembership(data({ access_level: 'commenter' }), shared.gid);
  expect('all of them', (await all(m.getMemberships({ parent: w.project }))).length >= 3);
  const again = await one(m.createMembership({ body: data({ parent: other, member: w.eve }) }));
  expect('taken back', (await m.deleteMembership(again.gid)).data, {});
  const rows = await all(ada.ProjectMemberships.getProjectMembershipsForProject(w.project, {}));
  expect('project memberships', rows.some((row) => row.member.gid === w.eve && row.access_level === 'commenter'));
  expect('one', (await one(ada.ProjectMemberships.getProjectMembership(rows[0].gid, {}))).gid, rows[0].gid);
}

async function sections() {
  const s = ada.Sections;
  const untitled = (await all(s.getSectionsForProject(w.project, {})))[0];
  expect('the first section', untitled.name, 'Untitled section');
  const add = async (name) => (await one(s.createSectionForProject(w.project, { body: data({ name }) }))).gid;
  w.friday = await add('Friday');
  w.monday = await add('Monday');
  const moved = await s.insertSectionForProject(w.project, { body: data({ section: w.monday, before_section: w.friday }) });
  expect('moved', moved.data, {});
  expect('renamed', (await one(s.updateSection(w.friday, { body: data({ name: 'Release day' }) }))).name, 'Release day');
  expect('read', (await one(s.getSection(w.friday, {}))).project.gid, w.project);
  expect('deleted', (await s.deleteSection(untitled.gid)).data, {});
  expect('in order', names(await all(s.getSectionsForProject(w.project, {}))), ['Monday', 'Release day']);
}

async function customFields() {
  const c = ada.CustomFields;
  const options = [{ name: 'Green', color: 'green' }, { name: 'Red', color: 'red' }];
  const risk = await one(c.createCustomField(data({ workspace: WORKSPACE, name: 'Risk', resource_subtype: 'enum', enum_options: options }), {}));
  const hours = await one(c.createCustomField(data({ workspace: WORKSPACE, name: 'Hours', resource_subtype: 'number', precision: 0 }), {}));
  w.risk = risk.gid;
  w.hours = hours.gid;
  [w.green, w.red] = gids(risk.enum_options);
  const amber = await one(c.createEnumOptionForCustomField(w.risk, { body: data({ name: 'Amber', color: 'orange' }) }));
  await c.insertEnumOptionForCustomField(w.risk, { body: data({ enum_option: amber.gid, after_enum_option: w.green }) });
  expect('option renamed', (await one(c.updateEnumOption(amber.gid, { body: data({ name: 'Yellow' }) }))).name, 'Yellow');
  expect('options', names((await one(c.getCustomField(w.risk, {}))).enum_options), ['Green', 'Yellow', 'Red']);
  expect('renamed', (await one(c.updateCustomField(w.hours, { body: data({ name: 'Hours left' }) }))).name, 'Hours left');
  expect('all', gids(await all(c.getCustomFieldsForWorkspace(WORKSPACE, { limit: 1 }))).includes(w.hours));
  for (const gid of [w.risk, w.hours]) {
    const setting = await one(ada.Projects.addCustomFieldSettingForProject(data({ custom_field: gid }), w.project, {}));
    expect('a setting', setting.custom_field.gid, gid);
  }
  const settings = await all(ada.CustomFieldSettings.getCustomFieldSettingsForProject(w.project, {}));
  expect('settings', settings.map((setting) => setting.custom_field.gid), [w.risk, w.hours]);
  const spare = await one(c.createCustomField(data({ workspace: WORKSPACE, name: 'Spare', resource_subtype: 'text' }), {}));
  await ada.Projects.addCustomFieldSettingForProject(data({ custom_field: spare.gid }), w.project, {});
  const off = await ada.Projects.removeCustomFieldSettingForProject(data({ custom_field: spare.gid }), w.project);
  expect('taken off', off.data, {});
  expect('deleted', (await c.deleteCustomField(spare.gid)).data, {});
}

async function tasks() {
  const t = ada.Tasks;
  const task = await one(t.createTask(data({
    name: 'Freeze the branch', assignee: 'me', due_at: new Date(Date.UTC(2031, 2, 31, 9)), notes: 'At nine',
    memberships: [{ project: w.project, section: w.monday }], custom_fields: { [w.risk]: w.red, [w.hours]: 4 },
  }), {}));
  w.task = task.gid;
  expect('a task', [task.name, task.due_at, task.assignee.gid], ['Freeze the branch', '2031-03-31T09:00:00.000Z', w.ada]);
  const values = Object.fromEntries(task.custom_fields.map((field) => [field.gid, field.display_value]));
  expect('its values', [values[w.risk], values[w.hours]], ['Red', '4']);
  const fields = await one(t.getTask(w.task, { opt_fields: 'name,memberships.section.name,assignee.email' }));
  expect('only these', sorted(Object.keys(fields)), ['assignee', 'gid', 'memberships', 'name']);
  expect('nested', [fields.memberships[0].section.name, fields.assignee.email], ['Monday', `ada@${DOMAIN}`]);
  const text = 'Ünïcode ✅ 漢字 "quoted" \\ </end>';
  expect('any text', (await one(t.updateTask(data({ name: text }), w.task, {}))).name, text);

  w.more = [];
  for (const name of ['Translate', 'Smoke test', 'Write the notes', 'Publish', 'Celebrate']) {
    w.more.push((await one(t.createTask(data({ name, projects: [w.project] }), {}))).gid);
  }
  const [translate, smoke, notes, publish, celebrate] = w.more;
  const first = await t.getTasksForProject(w.project, { limit: 4 });
  expect('a page of four', first.data.length, 4);
  expect('with a next page', sorted(Object.keys(first._response.next_page)), ['offset', 'path', 'uri']);
  const every = gids(await all(t.getTasksForProject(w.project, { limit: 4 })));
  expect('all pages', sorted(every), sorted([w.task, ...w.more]));
  expect('to Friday', (await ada.Sections.addTaskForSection(w.friday, { body: data({ task: publish }) })).data, {});
  expect('there', gids(await all(t.getTasksForSection(w.friday, {}))), [publish]);
  const done = await one(t.updateTask(data({ completed: true }), translate, {}));
  expect('done', [done.completed, done.completed_by.gid], [true, w.ada]);
  const left = gids(await all(t.getTasks({ project: w.project, completed_since: 'now' })));
  expect('what is left', [left.includes(translate), left.includes(smoke)], [false, true]);
  const counts = await one(ada.Projects.getTaskCountsForProject(w.project, { opt_fields: 'num_tasks,num_completed_tasks' }));
  expect('counts', [counts.num_tasks, counts.num_completed_tasks], [6, 1]);

  const child = (await one(t.createSubtaskForTask(data({ name: 'On a phone' }), smoke, {}))).gid;
  expect('subtasks', gids(await all(t.getSubtasksForTask(smoke, {}))), [child]);
  expect('another parent', (await one(t.setParentForTask(data({ parent: notes }), child, {}))).parent.gid, notes);
  expect('waits', (await t.addDependenciesForTask(data({ dependencies: [smoke] }), publish)).data, {});
  expect('for', gids(await all(t.getDependenciesForTask(publish, {}))), [smoke]);
  expect('blocks', (await t.addDependentsForTask(data({ dependents: [celebrate] }), publish)).data, {});
  expect('whom', gids(await all(t.getDependentsForTask(publish, {}))), [celebrate]);
  await refused('a circle', 400, t.addDependenciesForTask(data({ dependencies: [celebrate] }), publish));
  expect('freed', (await t.removeDependentsForTask(data({ dependents: [celebrate] }), publish)).data, {});
  expect('free', (await t.removeDependenciesForTask(data({ dependencies: [smoke] }), publish)).data, {});
  const watched = await one(t.addFollowersForTask(data({ followers: [w.bob] }), publish, {}));
  expect('Bob watches', gids(watched.followers).includes(w.bob));
  const alone = await one(t.removeFollowerForTask(data({ followers: [w.bob] }), publish, {}));
  expect('Bob looks away', gids(alone.followers).includes(w.bob), false);
  expect('two homes', (await t.addProjectForTask(data({ project: w.other }), celebrate)).data, {});
  expect('both', gids(await all(ada.Projects.getProjectsForTask(celebrate, {}))).length, 2);
  expect('one home', (await t.removeProjectForTask(data({ project: w.other }), celebrate)).data, {});
  const list = await one(ada.UserTaskLists.getUserTaskListForUser('me', WORKSPACE, {}));
  expect('my list', (await one(ada.UserTaskLists.getUserTaskList(list.gid, {}))).owner.gid, w.ada);
  expect('my tasks', gids(await all(t.getTasksForUserTaskList(list.gid, {}))).includes(w.task));
}

async function tagsAndTalk() {
  const g = ada.Tags;
  const tag = (await one(g.createTag(data({ name: 'release', workspace: WORKSPACE }), {}))).gid;
  const spare = (await one(g.createTagForWorkspace(data({ name: 'spare' }), WORKSPACE, {}))).gid;
  expect('tagged', (await ada.Tasks.addTagForTask(data({ tag }), w.task)).data, {});
  expect('tags', gids(await all(g.getTagsForTask(w.task, {}))), [tag]);
  expect('tasks', gids(await all(ada.Tasks.getTasksForTag(tag, {}))), [w.task]);
  expect('colour', (await one(g.updateTag(data({ color: 'dark-teal' }), tag, {}))).color, 'dark-teal');
  expect('read', (await one(g.getTag(tag, {}))).name, 'release');
  expect('of the workspace', gids(await all(g.getTagsForWorkspace(WORKSPACE, { limit: 1 }))).includes(spare));
  expect('all', gids(await all(g.getTags({ workspace: WORKSPACE, limit: 100 }))).includes(tag));
  expect('untagged', (await ada.Tasks.removeTagForTask(data({ tag }), w.task)).data, {});
  expect('deleted', (await g.deleteTag(spare)).data, {});

  const s = ada.Stories;
  const comment = await one(bob.Stories.createStoryForTask(data({ text: 'Frozen.' }), w.task, {}));
  expect('a comment', [comment.resource_subtype, comment.created_by.gid], ['comment_added', w.bob]);
  expect('edited', (await one(bob.Stories.updateStory(data({ text: 'Frozen at nine.' }), comment.gid, {}))).is_edited);
  expect('read', (await one(s.getStory(comment.gid, {}))).text, 'Frozen at nine.');
  const kinds = (await all(s.getStoriesForTask(w.task, { limit: 3 }))).map((story) => story.resource_subtype);
  expect('the history', ['added_to_project', 'name_changed', 'comment_added'].every((kind) => kinds.includes(kind)));
  expect('deleted', (await bob.Stories.deleteStory(comment.gid)).data, {});
  await refused('a deleted comment', 404, s.getStory(comment.gid, {}), 'Unknown object');
}

async function files() {
  const a = ada.Attachments;
  const content = Buffer.from(Array.from({ length: 70000 }, (_, i) => (i * 31) % 251));
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'vinyasa-node-'));
  try {
    const file = path.join(directory, 'bundle.bin');
    fs.writeFileSync(file, content);
    const upload = { parent: w.task, file: fs.createReadStream(file), resource_subtype: 'asana' };
    w.file = (await one(a.createAttachmentForObject(upload))).gid;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
  const record = await one(a.getAttachment(w.file, {}));
  expect('its record', [record.name, record.size, record.parent.gid], ['bundle.bin', content.length, w.task]);
  const answer = await fetch(record.download_url);
  expect('downloaded whole', Buffer.from(await answer.arrayBuffer()).equals(content));
  expect('files', gids(await all(a.getAttachmentsForObject(w.task, {}))), [w.file]);
  await refused('a stranger asks for it', 404, mallory.Attachments.getAttachment(w.file, {}));
  expect('deleted', (await a.deleteAttachment(w.file)).data, {});
}

async function portfolios() {
  const p = ada.Portfolios;
  const top = (await one(p.createPortfolio(data({ name: 'Sites', workspace: WORKSPACE }), {}))).gid;
  const inner = (await one(p.createPortfolio(data({ name: 'Shops', workspace: WORKSPACE }), {}))).gid;
  expect('mine', gids(await all(p.getPortfolios(WORKSPACE, { owner: 'me' }))).includes(top));
  expect('changed', (await one(p.updatePortfolio(data({ color: 'dark-blue' }), top, {}))).color, 'dark-blue');
  expect('an item', (await p.addItemForPortfolio(data({ item: w.other }), top)).data, {});
  expect('first', (await p.addItemForPortfolio(data({ item: inner, insert_after: null }), top)).data, {});
  expect('in order', gids(await all(p.getItemsForPortfolio(top, { limit: 1 }))), [inner, w.other]);
  await refused('a circle', 400, p.addItemForPortfolio(data({ item: top }), inner), 'inside itself');
  expect('out', (await p.removeItemForPortfolio(data({ item: inner }), top)).data, {});
  expect('members', gids((await one(p.addMembersForPortfolio(data({ members: [w.bob] }), top, {}))).members), [w.ada, w.bob]);
  const m = ada.PortfolioMemberships;
  const rows = await all(m.getPortfolioMembershipsForPortfolio(top, {}));
  expect('memberships', rows.length, 2);
  expect('by user', gids(await all(m.getPortfolioMemberships({ workspace: WORKSPACE, user: w.bob }))), [rows[1].gid]);
  expect('one', (await one(m.getPortfolioMembership(rows[1].gid, {}))).access_level, 'editor');
  expect('one by one', gids((await one(p.removeMembersForPortfolio(data({ members: [w.bob] }), top, {}))).members), [w.ada]);
  const field = (await one(ada.CustomFields.createCustomField(data({ workspace: WORKSPACE, name: 'Revenue', resource_subtype: 'number' }), {}))).gid;
  const setting = await one(p.addCustomFieldSettingForPortfolio(data({ custom_field: field }), top));
  expect('fields', gids(await all(ada.CustomFieldSettings.getCustomFieldSettingsForPortfolio(top, {}))), [setting.gid]);
  expect('no field', (await p.removeCustomFieldSettingForPortfolio(data({ custom_field: field }), top)).data, {});
  await refused('a guest looks', 403, eve.Portfolios.getPortfolio(top, {}));
  expect('deleted', (await p.deletePortfolio(inner)).data, {});
  expect('read', (await one(p.getPortfolio(top, {}))).name, 'Sites');
  w.portfolio = top;
}

async function statuses() {
  const s = ada.StatusUpdates;
  const fine = await one(s.createStatusForObject(data({ parent: w.other, status_type: 'on_track', text: 'Fine' }), {}));
  expect('a status', [fine.text, fine.parent.gid], ['Fine', w.other]);
  const o = ada.ProjectStatuses;
  const red = await one(o.createProjectStatusForProject(data({ color: 'red', text: 'Stuck' }), w.other, {}));
  expect('the new form', (await one(s.getStatus(red.gid, {}))).status_type, 'off_track');
  expect('the old form', (await one(o.getProjectStatus(fine.gid, {}))).color, 'green');
  expect('newest first', gids(await all(s.getStatusesForObject(w.other, { limit: 1 }))), [red.gid, fine.gid]);
  expect('old list', gids(await all(o.getProjectStatusesForProject(w.other, {}))), [red.gid, fine.gid]);
  expect('the latest', (await one(ada.Projects.getProject(w.other, {}))).current_status.color, 'red');
  expect('deleted', (await o.deleteProjectStatus(red.gid)).data, {});
  expect('deleted too', (await s.deleteStatus(fine.gid)).data, {});
  expect('none', (await one(ada.Projects.getProject(w.other, {}))).current_status, null);
  const of = await one(s.createStatusForObject(data({ parent: w.portfolio, status_type: 'at_risk', text: 'Hm' }), {}));
  expect('of a portfolio', of.resource_subtype, 'portfolio_status_update');

  const b = ada.ProjectBriefs;
  const brief = await one(b.createProjectBrief(data({ title: 'Brief', text: 'Why not' }), w.other, {}));
  expect('a brief', [brief.title, brief.html_text], ['Brief', '<body>Why not</body>']);
  expect('changed', (await one(b.updateProjectBrief(data({ title: 'The brief' }), brief.gid, {}))).title, 'The brief');
  expect('read', (await one(b.getProjectBrief(brief.gid, {}))).project.gid, w.other);
  expect('deleted', (await b.deleteProjectBrief(brief.gid)).data, {});
  await refused('a deleted brief', 404, b.getProjectBrief(brief.gid, {}), 'Unknown object');
}

async function goals() {
  const g = ada.Goals;
  const r = ada.GoalRelationships;
  const periods = await all(ada.TimePeriods.getTimePeriods(WORKSPACE, { limit: 100 }));
  expect('periods', periods.length, 6 * 19);
  const period = await one(ada.TimePeriods.getTimePeriod(periods[1].gid, {}));
  expect('a period', [period.resource_type, period.display_name], ['time_period', periods[1].display_name]);

  const goal = await one(g.createGoal(data({ name: 'Faster pages', workspace: WORKSPACE, time_period: period.gid, followers: [w.bob] }), {}));
  expect('a goal', [goal.name, goal.metric, goal.time_period.gid], ['Faster pages', null, period.gid]);
  const below = (await one(g.createGoal(data({ name: 'Smaller images', workspace: WORKSPACE }), {}))).gid;
  await refused('no metric', 400, g.updateGoalMetric(data({ current_number_value: 1 }), below, {}), 'metric');
  const metric = (await one(g.createGoalMetric(data({ initial_number_value: 200, target_number_value: 100, precision: 1 }), below, {}))).metric;
  expect('a metric', [metric.resource_type, metric.current_display_value], ['goal_metric', '200.0']);
  const moved = await one(g.updateGoalMetric(data({ current_number_value: 150 }), below, {}));
  expect('half way', moved.metric.current_number_value, 150);
  await one(g.createGoalMetric(data({ unit: 'percentage', progress_source: 'subgoal_progress' }), goal.gid, {}));
  const link = await one(r.addSupportingRelationship(data({ supporting_resource: below, contribution_weight: 1 }), goal.gid, {}));
  expect('a subgoal', [link.resource_subtype, link.supporting_resource.gid], ['subgoal', below]);
  expect('above it', (await one(g.getGoal(goal.gid, {}))).metric.current_display_value, '50%');
  await refused('a circle', 400, r.addSupportingRelationship(data({ supporting_resource: goal.gid }), below, {}), 'itself');
  expect('weighted', (await one(r.updateGoalRelationship(data({ contribution_weight: 0.5 }), link.gid, {}))).contribution_weight, 0.5);
  expect('read', (await one(r.getGoalRelationship(link.gid, {}))).supported_goal.gid, goal.gid);
  expect('listed', gids(await all(r.getGoalRelationships(goal.gid, { limit: 1 }))), [link.gid]);
  expect('parents', gids((await g.getParentGoalsForGoal(below, {})).data), [goal.gid]);
  expect('goals', gids(await all(g.getGoals({ workspace: WORKSPACE, limit: 1 }))), [goal.gid, below]);
  expect('in the period', gids(await all(g.getGoals({ time_periods: [period.gid], workspace: WORKSPACE }))), [goal.gid]);
  expect('closed', (await one(g.updateGoal(data({ status: 'partial' }), goal.gid, {}))).status, 'partial');
  expect('followers', gids((await one(g.addFollowers(data({ followers: [w.eve] }), goal.gid, {}))).followers).includes(w.eve));
  expect('fewer', gids((await one(g.removeFollowers(data({ followers: [w.eve] }), goal.gid, {}))).followers).includes(w.eve), false);
  await refused('a stranger', 404, mallory.Goals.getGoal(goal.gid, {}), 'Unknown object');
  await refused('a guest', 403, eve.Goals.getGoal(below, {}));
  expect('taken off', (await r.removeSupportingRelationship(data({ supporting_resource: below }), goal.gid)).data, {});
  expect('deleted', (await g.deleteGoal(below)).data, {});
  await refused('a deleted goal', 404, g.getGoal(below, {}), 'Unknown object');
}

async function timeTracking() {
  const e = ada.TimeTrackingEntries;
  const entry = await one(e.createTimeTrackingEntry(data({ duration_minutes: 45, entered_on: '2031-03-03' }), w.task, {}));
  expect('entered', [entry.duration_minutes, entry.task.gid], [45, w.task]);
  expect('changed', (await one(e.updateTimeTrackingEntry(data({ duration_minutes: 50 }), entry.gid, {}))).duration_minutes, 50);
  expect('read', (await one(e.getTimeTrackingEntry(entry.gid, {}))).entered_on, '2031-03-03');
  expect('on the task', gids(await all(e.getTimeTrackingEntriesForTask(w.task, { limit: 1 }))), [entry.gid]);
  expect('summed', (await one(ada.Tasks.getTask(w.task, {}))).actual_time_minutes, 50);
  await refused('no time', 400, e.createTimeTrackingEntry(data({ duration_minutes: -1 }), w.task, {}), 'greater than 0');
  expect('deleted', (await e.deleteTimeTrackingEntry(entry.gid)).data, {});
  expect('none', (await one(ada.Tasks.getTask(w.task, {}))).actual_time_minutes, null);

  const a = ada.Allocations;
  const effort = { type: 'hours', value: 8 };
  const body = { parent: w.project, assignee: w.ada, start_date: '2031-03-03', end_date: '2031-03-07', effort };
  const made = await one(a.createAllocation(data(body), {}));
  expect('set aside', [made.effort, made.parent.gid], [effort, w.project]);
  expect('longer', (await one(a.updateAllocation(data({ end_date: '2031-03-14' }), made.gid, {}))).end_date, '2031-03-14');
  expect('read', (await one(a.getAllocation(made.gid, {}))).assignee.gid, w.ada);
  expect('listed', gids(await all(a.getAllocations({ parent: w.project, limit: 1 }))), [made.gid]);
  await refused('a stranger', 404, mallory.Allocations.getAllocation(made.gid, {}), 'Unknown object');
  expect('deleted', (await a.deleteAllocation(made.gid)).data, {});
  await refused('a deleted allocation', 404, a.getAllocation(made.gid, {}), 'Unknown object');
}

async function exports() {
  const e = ada.OrganizationExports;
  const made = await one(e.createOrganizationExport(data({ organization: WORKSPACE }), {}));
  expect('asked for', [made.state, made.download_url, made.organization.gid], ['pending', null, WORKSPACE]);
  const end = Date.now() + 60_000;
  let found = made;
  while (['pending', 'started'].includes(found.state) && Date.now() < end) {
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    found = await one(e.getOrganizationExport(made.gid, {}));
  }
  expect('finished', found.state, 'finished');
  const file = Buffer.from(await (await fetch(found.download_url)).arrayBuffer());
  const document = JSON.parse(zlib.gunzipSync(file));
  expect('its workspace', String(document.workspace), WORKSPACE);
  expect('the users are in it', document.records.some((record) => record.type === 'users' && String(record.gid) === w.ada));
  await refused('a member exports', 403, bob.OrganizationExports.createOrganizationExport(data({ organization: WORKSPACE }), {}));
  await refused('a stranger reads it', 404, mallory.OrganizationExports.getOrganizationExport(made.gid, {}), 'Unknown object');
}

/** Polls a job as clients do, and gives it when it is done. */
async function finished(started) {
  let job = started;
  for (let tries = 0; tries < 200 && !['succeeded', 'failed'].includes(job.status); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    job = await one(ada.Jobs.getJob(job.gid, {}));
  }
  expect(`${job.resource_subtype} is done`, job.status, 'succeeded');
  return job;
}

/** The `data` of an operation of the extension API, which the SDK does not know. */
async function extension(method, address, body) {
  const headers = { Authorization: `Bearer ${process.env.VINYASA_ADA}`, 'Content-Type': 'application/json' };
  const url = URL_BASE.replace('/api/1.0', '/api/vinyasa/1') + address;
  return (await (await fetch(url, { method, headers, body: JSON.stringify(body) })).json()).data;
}

async function copiesAndTemplates() {
  const t = ada.Tasks;
  const plan = (await one(ada.Projects.createProject(data({ name: 'Fair', team: w.team, due_on: '2031-06-30', start_on: '2031-06-01' }), {}))).gid;
  const stand = (await one(t.createTask(data({ name: 'Build the stand', projects: [plan], assignee: w.bob, due_on: '2031-06-10' }), {}))).gid;
  await one(t.createSubtaskForTask(data({ name: 'Buy wood' }), stand, {}));

  const job = await one(t.duplicateTask(data({ name: 'Build another', include: 'subtasks,projects,assignee' }), stand, {}));
  expect('a job', [job.resource_type, job.resource_subtype, job.new_task.name], ['job', 'duplicate_task', 'Build another']);
  const copy = await one(t.getTask((await finished(job)).new_task.gid, { opt_fields: 'num_subtasks,assignee,projects' }));
  expect('the copy', [copy.num_subtasks, copy.assignee.gid, gids(copy.projects)], [1, w.bob, [plan]]);
  expect('away again', (await t.deleteTask(copy.gid)).data, {});

  const schedule = { should_skip_weekends: false, due_on: '2032-06-10' };
  const next = await one(ada.Projects.duplicateProject(plan, { body: data({ name: 'Next fair', include: 'task_dates,task_subtasks', schedule_dates: schedule }) }));
  const project = (await finished(next)).new_project;
  expect('its name', project.name, 'Next fair');
  const [later] = await all(t.getTasksForProject(project.gid, { opt_fields: 'due_on,num_subtasks' }));
  expect('later', [later.due_on, later.num_subtasks], ['2032-06-10', 1]);
  await refused('without a name', 400, ada.Projects.duplicateProject(plan, { body: data({}) }), 'name');
  await refused("somebody else's job", 403, bob.Jobs.getJob(next.gid, {}));

  const saving = await one(ada.Projects.projectSaveAsTemplate(data({ name: 'Fair kit', public: true, team: w.team }), plan, {}));
  const template = (await finished(saving)).new_project_template.gid;
  const shown = await one(ada.ProjectTemplates.getProjectTemplate(template, {}));
  expect('a template', [shown.name, gids(shown.requested_dates)], ['Fair kit', ['1', '2']]);
  expect('listed', gids(await all(ada.ProjectTemplates.getProjectTemplates({ workspace: WORKSPACE, limit: 1 }))).includes(template));
  expect('of the team', gids(await all(ada.ProjectTemplates.getProjectTemplatesForTeam(w.team, { limit: 1 }))).includes(template));
  const fill = (fields) => ada.ProjectTemplates.instantiateProject(template, { body: data({ name: 'Third fair', is_strict: true, ...fields }) });
  await refused('no dates', 422, fill({}));
  const dates = [{ gid: '1', value: '2033-06-01' }, { gid: '2', value: '2033-06-30' }];
  const made = (await finished(await one(fill({ requested_dates: dates })))).new_project.gid;
  expect('in time', (await one(ada.Projects.getProject(made, {}))).due_on, '2033-06-30');
  expect('deleted', (await ada.ProjectTemplates.deleteProjectTemplate(template)).data, {});
  await refused('a deleted template', 404, ada.ProjectTemplates.getProjectTemplate(template, {}), 'Unknown object');

  const saved = await extension('POST', `/tasks/${stand}/saveAsTemplate`, data({ name: 'Any stand', project: plan }));
  let making = null;
  for (let tries = 0; making === null && tries < 200; tries += 1) {
    making = await one(ada.TaskTemplates.instantiateTask(saved.gid, { body: data({ name: 'A small stand' }) })).catch(() => null);
    if (making === null) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const small = await one(t.getTask((await finished(making)).new_task.gid, { opt_fields: 'name,num_subtasks' }));
  expect('made from it', [small.name, small.num_subtasks], ['A small stand', 1]);
  expect('its recipe', (await one(ada.TaskTemplates.getTaskTemplate(saved.gid, {}))).template.name, 'Build the stand');
  expect('listed', gids(await all(ada.TaskTemplates.getTaskTemplates({ project: plan, limit: 1 }))), [saved.gid]);
  expect('deleted', (await ada.TaskTemplates.deleteTaskTemplate(saved.gid)).data, {});
  await refused('a stranger', 404, mallory.TaskTemplates.getTaskTemplate(saved.gid, {}));
}

/** Waits up to half a minute for what the server does a moment later. */
async function eventually(condition) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    if (await condition()) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

async function watching() {
  let sync;
  try {
    await ada.Events.getEvents(w.project, {});
    expect('a first poll is refused', false);
  } catch (error) {
    expect('a first poll is a 412', error.status, 412);
    sync = error.response.body.sync;
  }
  await refused('a guest polls', 403, eve.Events.getEvents(w.other, {}));

  const events = [];
  const signed = [];
  let secret;
  const target = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.headers['x-hook-secret']) {
        secret = request.headers['x-hook-secret'];
        response.setHeader('X-Hook-Secret', secret);
      } else {
        // As the official sample does it: over what JSON.stringify makes of the parsed body.
        const body = JSON.parse(Buffer.concat(chunks).toString());
        const right = crypto.createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex');
        signed.push(right === request.headers['x-hook-signature']);
        events.push(...body.events);
      }
      response.end();
    });
  });
  await new Promise((done) => target.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${target.address().port}/hook`;
  const hooks = ada.Webhooks;
  const hook = await one(hooks.createWebhook(data({ resource: w.project, target: address, filters: [{ action: 'changed', resource_type: 'task' }] }), {}));
  expect('a webhook', [hook.active, hook.resource.gid], [true, w.project]);
  expect('listed', gids(await all(hooks.getWebhooks(WORKSPACE, { limit: 5 }))), [hook.gid]);
  const task = (await one(ada.Tasks.createTask(data({ name: 'Watched', projects: [w.project] }), {}))).gid;
  await ada.Tasks.updateTask(data({ name: 'Watched closely' }), task, {});
  const told = [];
  expect('polled', await eventually(async () => {
    const page = await ada.Events.getEvents(w.project, { sync });
    const body = page._response ?? page;
    sync = body.sync ?? sync;
    told.push(...page.data.map((event) => `${event.resource.gid} ${event.action} ${event.change?.field ?? ''}`));
    return told.includes(`${task} added `) && told.includes(`${task} changed name`);
  }));
  expect('told', await eventually(() => events.some((event) => event.resource.gid === task && event.change.field === 'name')));
  expect('only what the filter lets through', events.every((event) => event.action === 'changed'));
  expect('signed', signed.every(Boolean));
  expect('read', (await one(hooks.getWebhook(hook.gid, {}))).delivery_retry_count, 0);
  expect('other filters', (await one(hooks.updateWebhook(data({ filters: [{ action: 'added' }] }), hook.gid, {}))).filters[0].action, 'added');
  expect('deleted', (await hooks.deleteWebhook(hook.gid)).data, {});
  await refused('a deleted webhook', 404, hooks.getWebhook(hook.gid, {}), 'Unknown object');
  await ada.Tasks.deleteTask(task);
  target.close();
}

async function automation() {
  const task = (await one(ada.Tasks.createTask(data({ name: 'Request', projects: [w.project] }), {}))).gid;
  const actions = [{ type: 'set_field', field: 'name', value: '{{what}}' }];
  const fields = { project: w.project, name: 'Take requests', trigger: { type: 'incoming_web_request' }, actions };
  const rule = await extension('POST', '/rules', { data: fields });
  expect('a rule', [rule.trigger.type, rule.actions[0].value], ['incoming_web_request', '{{what}}']);
  const sent = data({ resource: task, action_data: { what: 'Posters' } });
  const said = await one(ada.Rules.triggerRule(sent, rule.rule_trigger.gid));
  expect('triggered', said.message, 'Successfully saved the payload and ran the rule');
  let name = 'Request';
  for (let turn = 0; turn < 100 && name === 'Request'; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    name = (await one(ada.Tasks.getTask(task, {}))).name;
  }
  expect('the rule ran', name, 'Posters');
  await refused('a stranger triggers', 404, mallory.Rules.triggerRule(sent, rule.rule_trigger.gid), 'rule_trigger');
  expect('deleted', await extension('DELETE', `/rules/${rule.gid}`), {});
}

async function refusals() {
  const t = ada.Tasks;
  await refused('no such token', 401, api('0/not-a-token').Users.getUser('me', {}), 'Not Authorized');
  await refused('no such task', 404, t.getTask(UNKNOWN, {}), `task: Unknown object: ${UNKNOWN}`);
  await refused('not a gid', 400, t.getTask('release', {}), 'Not a recognized ID');
  await refused('a task without a home', 400, t.createTask(data({ name: 'Lost' }), {}), 'workspace, parent, projects');
  await refused('not a date', 400, t.updateTask(data({ due_on: 'Friday' }), w.task, {}), 'due_on');
  await refused('a page too large', 400, t.getTasksForProject(w.project, { limit: 1000 }), 'limit');
  await refused('an invented page token', 400, t.getTasksForProject(w.project, { limit: 1, offset: 'abc' }), 'offset');
  await refused('a guest edits', 403, eve.Tasks.updateTask(data({ completed: true }), w.task, {}));
  await refused('a guest looks behind the door', 403, eve.Projects.getProject(w.other, {}));
  await refused('a stranger reads', 404, mallory.Projects.getProject(w.project, {}), 'Unknown object');
  expect('deleted', (await t.deleteTask(w.task)).data, {});
  await refused('a deleted task', 404, t.getTask(w.task, {}), 'Unknown object');
}

async function finding() {
  const word = `Airship${w.task.slice(-4)}`;
  const task = (await one(ada.Tasks.createTask(data({ name: `${word} mast`, projects: [w.other] }), {}))).gid;
  expect('found at once', gids(await all(ada.Tasks.searchTasksForWorkspace(WORKSPACE, { text: word, completed: false }))), [task]);
  expect('not for the guest', await all(eve.Tasks.searchTasksForWorkspace(WORKSPACE, { text: word })), []);
  await refused('not a date', 400, ada.Tasks.searchTasksForWorkspace(WORKSPACE, { 'due_on.after': 'soon' }));
  const ahead = (kind, query) => all(ada.Typeahead.typeaheadForWorkspace(WORKSPACE, kind, { query }));
  expect('typeahead', gids(await ahead('task', word.toLowerCase())), [task]);
  expect('people', (await ahead('user', '')).length > 0);
  const actions = [
    { relative_path: `/tasks/${task}`, method: 'get', options: { fields: ['name'] } },
    { relative_path: `/tasks/${UNKNOWN}`, method: 'get' },
  ];
  const answers = await all(ada.BatchAPI.createBatchRequest(data({ actions }), {}));
  expect('each its status', answers.map((answer) => answer.status_code), [200, 404]);
  expect('its body', answers[0].body.data.name, `${word} mast`);
  expect('deleted', (await ada.Tasks.deleteTask(task)).data, {});
  // The log always has a next page: it is there for what happens later.
  const log = await one(ada.AuditLogAPI.getAuditLogEvents(WORKSPACE, { resource_gid: task, limit: 10 }));
  expect('written down', log.map((entry) => entry.event_type), ['task_deleted']);
}

(async () => {
  for (const chapter of [peopleAndWorkspace, teams, projects, sections, customFields, tasks, tagsAndTalk, files, portfolios, statuses, goals, timeTracking, copiesAndTemplates, watching, finding, automation, exports, refusals]) {
    const before = passed;
    try {
      await chapter();
    } catch (error) {
      failed += 1;
      const where = (error.stack ?? '').split('\n').find((line) => line.includes('scenario.cjs'))?.trim() ?? '';
      const reason = error.response?.text ?? error.message ?? String(error);
      console.log(`FAILED  ${chapter.name} ${where}\n        ${String(error.status ?? '')} ${reason.slice(0, 400)}`);
    }
    console.log(`${chapter.name}: ${passed - before} passed`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
})();
