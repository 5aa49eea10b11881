import { expect, test } from 'vitest';
import { api, editing, expectAccessible, makeProject, open, withBrowser } from './browser.ts';

withBrowser();

const board = (path: string) => path.replace(/list$/, 'board');

/** The names in each section, as the server has them. */
async function columns(project: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const section of await api<{ gid: string; name: string }[]>('GET', `/projects/${project}/sections`))
    found[section.name] = (await api<{ name: string }[]>('GET', `/sections/${section.gid}/tasks`)).map(
      (task) => task.name,
    );
  return found;
}

test('by mouse: drag between columns, add, complete, fold', async () => {
  const project = await makeProject('Board by mouse', { Plan: ['First', 'Second'], Build: ['Third'], Done: [] });
  const { page, problems } = await open();
  await page.goto(board(project.path));
  await page.getByRole('group', { name: 'First' }).waitFor();
  await expectAccessible(page);

  await page
    .getByRole('group', { name: 'First' })
    .dragTo(page.getByRole('group', { name: 'Third' }), { targetPosition: { x: 100, y: 5 } });
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: ['Second'], Build: ['First', 'Third'], Done: [] });
  await page.getByRole('group', { name: 'Third' }).dragTo(page.getByRole('region', { name: 'Done' }));
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: ['Second'], Build: ['First'], Done: ['Third'] });

  await page.getByRole('button', { name: 'Add task to Build' }).click();
  await page.getByRole('textbox', { name: 'New task' }).fill('On top');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'New task' }).fill('Above it');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await columns(project.gid))['Build']).toEqual(['Above it', 'On top', 'First']);

  await page.getByRole('checkbox', { name: 'Complete: First' }).click();
  await page.getByRole('checkbox', { name: 'Complete: First', checked: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('checkbox', { name: 'Complete: First', checked: false }).waitFor();

  await page.getByRole('button', { name: 'Actions for Done' }).click();
  await page.getByRole('menuitem', { name: 'Collapse column' }).click();
  await page.getByRole('region', { name: 'Done, collapsed' }).waitFor();
  await page.getByRole('button', { name: 'Expand Done' }).click();
  await page.getByRole('group', { name: 'Third' }).click();
  await page.waitForURL(/\/board\/task\/\d+/);
  expect(problems).toEqual([]);
});

test('by keyboard only: go, move, add, rename, undo', async () => {
  const project = await makeProject('Board by keyboard', { Plan: ['Alpha', 'Beta'], Build: ['Gamma'] });
  const { page } = await open({ isDark: true });
  await page.goto(board(project.path));
  await page.getByRole('group', { name: 'Alpha' }).focus();
  await page.keyboard.press('ArrowDown');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Beta');
  await page.keyboard.press('Control+ArrowUp');
  await page.getByRole('status').filter({ hasText: 'position 1 of 2' }).waitFor();
  await page.keyboard.press('Control+ArrowRight');
  await page.getByRole('status').filter({ hasText: 'Moved to Build' }).waitFor();
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: ['Alpha'], Build: ['Beta', 'Gamma'] });
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Beta');

  await page.keyboard.press('Enter');
  await editing(page, 'Beta');
  await page.keyboard.press('End');
  await page.keyboard.type(' two');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: ['Alpha'], Build: ['Beta two', 'Gamma'] });

  await page.getByRole('group', { name: 'Gamma' }).focus();
  await page.keyboard.press('n');
  await editing(page, '');
  await page.keyboard.type('New one');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: ['Alpha'], Build: ['New one', 'Beta two', 'Gamma'] });
  await expectAccessible(page);
});

test('on a narrow screen: one column, the menu moves', async () => {
  const project = await makeProject('Board on a phone', { Plan: ['Alpha'], Build: ['Beta'] });
  const { page } = await open({ isNarrow: true });
  await page.goto(board(project.path));
  await page.getByRole('group', { name: 'Alpha' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Actions for Alpha' }).tap();
  await page.getByRole('menuitem', { name: 'Move to section' }).tap();
  await page.getByRole('menuitem', { name: 'Build' }).tap();
  await expect.poll(() => columns(project.gid)).toEqual({ Plan: [], Build: ['Beta', 'Alpha'] });
  await page.getByRole('button', { name: 'Next column' }).tap();
  await page.getByRole('img', { name: 'Column 2 of 2' }).waitFor();
});
