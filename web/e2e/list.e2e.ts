import { expect, test } from 'vitest';
import { api, editing, expectAccessible, makeProject, open, withBrowser } from './browser.ts';

withBrowser();

const row = (name: string) => `[role="row"]:has-text("${name}")`;

test('by mouse: add, rename, assign, complete, undo', async () => {
  const project = await makeProject('By mouse', { Plan: ['First', 'Second'], Build: ['Third'] });
  const { page, problems } = await open();
  await page.goto(project.path);
  await page.getByRole('treegrid').waitFor();
  await page.getByText('First').waitFor();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Add task', exact: true }).nth(1).click();
  await page.getByRole('textbox', { name: 'New task' }).fill('Fourth');
  await page.keyboard.press('Enter');
  await page.locator(row('Fourth')).waitFor();
  await page.keyboard.press('Escape');

  await page.getByText('Second', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Task name' }).fill('Second, renamed');
  await page.keyboard.press('Control+Enter');
  await page.locator(row('Second, renamed')).waitFor();

  await page.locator(row('Third')).locator('[data-column="assignee"]').click();
  await page.getByRole('combobox', { name: 'Assignee' }).fill('Aiko');
  await page.getByRole('option', { name: /Aiko Hasegawa/ }).click();
  await page.locator(row('Third')).getByText('Aiko Hasegawa').waitFor();

  await page.getByRole('checkbox', { name: 'Complete: First' }).click();
  await page.getByRole('checkbox', { name: 'Complete: First', checked: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('checkbox', { name: 'Complete: First', checked: false }).waitFor();

  await expect
    .poll(async () =>
      (
        await api<{ name: string; assignee: { name: string } | null }[]>(
          'GET',
          `/tasks?project=${project.gid}&opt_fields=name,completed,assignee.name`,
        )
      ).map((task) => [task.name, task.assignee?.name]),
    )
    .toEqual([
      ['First', undefined],
      ['Second, renamed', undefined],
      ['Fourth', undefined],
      ['Third', 'Aiko Hasegawa'],
    ]);
  expect(problems).toEqual([]);
});

test('by keyboard only: move, select, complete, add, date', async () => {
  const project = await makeProject('By keyboard', { Plan: ['Alpha', 'Beta', 'Gamma'] });
  const { page } = await open();
  await page.goto(project.path);
  await page.getByText('Alpha').waitFor();
  await page.getByRole('treegrid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Control+ArrowDown');
  await page.getByRole('status').filter({ hasText: 'position 2 of 3' }).waitFor();
  await expect
    .poll(async () =>
      (await api<{ name: string }[]>('GET', `/tasks?project=${project.gid}&opt_fields=name`)).map((task) => task.name),
    )
    .toEqual(['Beta', 'Alpha', 'Gamma']);

  await page.keyboard.press('Enter');
  await editing(page, 'Alpha');
  await page.keyboard.press('End');
  await page.keyboard.type(' two');
  await page.keyboard.press('Enter');
  await editing(page, '');
  await page.keyboard.type('Delta');
  await page.keyboard.press('ArrowDown');
  await expect
    .poll(async () =>
      (await api<{ name: string }[]>('GET', `/tasks?project=${project.gid}&opt_fields=name`)).map((task) => task.name),
    )
    .toEqual(['Beta', 'Alpha two', 'Delta', 'Gamma']);

  await page.keyboard.press('Shift+ArrowUp');
  await page.getByRole('toolbar', { name: 'Actions for selected tasks' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('d');
  await page.getByRole('textbox', { name: 'Due date' }).fill('24 dec 2026');
  await page.keyboard.press('Enter');
  await expect
    .poll(
      async () =>
        (await api<{ due_on: string | null }[]>('GET', `/tasks?project=${project.gid}&opt_fields=due_on`)).filter(
          (task) => task.due_on === '2026-12-24',
        ).length,
    )
    .toBe(2);
});

test('filter, sort and group stand in the address', async () => {
  const project = await makeProject('Views', { Plan: ['Zebra', 'Apple'], Build: ['Mango'] });
  const { page } = await open();
  await page.goto(`${project.path}?sort=name`);
  await page.getByText('Sorted: Name').waitFor();
  const names = () =>
    page
      .getByRole('row', { level: 1 })
      .filter({ has: page.getByRole('checkbox') })
      .allInnerTexts();
  expect((await names()).map((text) => text.split('\n')[0])).toEqual(['Apple', 'Zebra', 'Mango']);
  await page.getByRole('button', { name: 'Clear sort' }).click();
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Assigned to me' }).click();
  await page.keyboard.press('Escape');
  await page.getByText('No task matches the filters').waitFor();
  expect(page.url()).toContain('filter=assignee%3Ame');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByText('Mango').waitFor();
});

test('what looks like code is text', async () => {
  const nasty = '<img src=x onerror="window.broken=1">';
  const project = await makeProject(nasty, { [nasty]: [nasty] });
  const { page, problems } = await open();
  await page.goto(project.path);
  await page.getByRole('heading', { name: nasty }).first().waitFor();
  expect(await page.evaluate(() => (globalThis as { broken?: number }).broken)).toBeUndefined();
  expect(problems).toEqual([]);
});

test('narrow and dark', async () => {
  const project = await makeProject('Narrow', { Plan: ['One thing', 'Another thing'] });
  const { page } = await open({ isDark: true, isNarrow: true });
  await page.goto(project.path);
  await page.getByText('One thing').waitFor();
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.getByText('One thing').tap();
  await page.getByRole('complementary', { name: 'Task: One thing' }).waitFor();
  await expectAccessible(page);
});
