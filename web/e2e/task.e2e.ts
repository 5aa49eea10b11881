import { expect, test } from 'vitest';
import { api, expectAccessible, makeProject, open, withBrowser } from './browser.ts';

withBrowser();

test('a task is written: name, description, comment, subtask, file', async () => {
  const project = await makeProject('Pane', { Plan: ['Subject'] });
  const { gid } = (await api<{ gid: string }[]>('GET', `/tasks?project=${project.gid}`))[0] ?? { gid: '' };
  const { page, problems } = await open();
  await page.goto(`${project.path}/task/${gid}`);
  const pane = page.getByRole('complementary', { name: 'Task: Subject' });
  await pane.waitFor();
  await pane.getByRole('textbox', { name: 'Description' }).click();
  await page.keyboard.type('Hello **there**');
  await page.keyboard.press('Enter');
  await page.keyboard.type('- a point');
  await expectAccessible(page);
  await pane.getByRole('textbox', { name: 'Task name' }).click();
  await expect
    .poll(async () => (await api<{ html_notes: string }>('GET', `/tasks/${gid}?opt_fields=html_notes`)).html_notes)
    .toBe('<body>Hello **there**<ul><li>a point</li></ul></body>');

  const comment = pane.getByRole('textbox', { name: 'Comment' });
  await comment.click();
  await page.keyboard.type('Look at this, @Aiko');
  await page.getByRole('option', { name: 'Aiko Hasegawa' }).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type('please <script>alert(1)</script>');
  await page.keyboard.press('Control+Enter');
  await pane.getByRole('article').getByText('@Aiko Hasegawa').waitFor();
  await expect
    .poll(
      async () =>
        (await api<{ type: string; text: string }[]>('GET', `/tasks/${gid}/stories?opt_fields=type,text`)).filter(
          (story) => story.type === 'comment',
        ).length,
    )
    .toBe(1);
  await expect
    .poll(async () =>
      (await api<{ followers: { name: string }[] }>('GET', `/tasks/${gid}?opt_fields=followers.name`)).followers.map(
        (person) => person.name,
      ),
    )
    .toContain('Aiko Hasegawa');

  await pane.getByRole('button', { name: 'Add subtask' }).first().click();
  await page.getByRole('textbox', { name: 'New subtask' }).fill('A part');
  await page.keyboard.press('Enter');
  await pane.getByRole('checkbox', { name: 'Complete: A part' }).waitFor();
  await page.keyboard.press('Escape');

  await pane
    .locator('input[type="file"]')
    .first()
    .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
  await pane.getByRole('link', { name: 'Download note.txt' }).waitFor();
  await expectAccessible(page);
  expect(problems).toEqual([]);
});

test('a deletion is undone, and another one is sent', async () => {
  const project = await makeProject('Deleting', { Plan: ['Stays', 'Goes'] });
  const { page } = await open();
  await page.goto(project.path);
  await page.getByText('Stays').waitFor();
  await page.getByRole('treegrid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Delete');
  await page.getByText('Stays').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Stays').waitFor();
});

test('old addresses lead to the same things', async () => {
  const project = await makeProject('Permalinks', { Plan: ['Linked'] });
  const { gid } = (await api<{ gid: string }[]>('GET', `/tasks?project=${project.gid}`))[0] ?? { gid: '' };
  const { page } = await open();
  await page.goto(`/0/${project.gid}/${gid}`);
  await page.getByRole('complementary', { name: 'Task: Linked' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/1/${project.ws}/project/${project.gid}/task/${gid}`);
  await page.goto(`/0/0/${gid}/f`);
  await page.getByRole('complementary', { name: 'Task: Linked' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/1/${project.ws}/task/${gid}`);
  await page.goto('/0/0/999999999999');
  await page.getByText('Not found, or no access').waitFor();
  await expectAccessible(page);
});

test('edits made without a connection arrive later', async () => {
  const project = await makeProject('Offline', { Plan: ['Far away'] });
  const { page } = await open();
  await page.goto(project.path);
  await page.getByText('Far away').waitFor();
  await page.context().setOffline(true);
  await page.getByRole('checkbox', { name: 'Complete: Far away' }).click();
  await page.getByRole('checkbox', { name: 'Complete: Far away', checked: true }).waitFor();
  await page.getByText(/Reconnecting/).waitFor();
  await page.context().setOffline(false);
  await expect
    .poll(
      async () =>
        (await api<{ completed: boolean }[]>('GET', `/tasks?project=${project.gid}&opt_fields=completed`))[0]
          ?.completed,
      { timeout: 20_000 },
    )
    .toBe(true);
});

test('palette, help and the create dialog by keyboard', async () => {
  const project = await makeProject('Palette', { Plan: ['Something'] });
  const { page } = await open();
  await page.goto(project.path);
  await page.getByText('Something').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type('#palette');
  await page
    .getByRole('option', { name: /Palette/ })
    .first()
    .waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('c');
  await page.getByRole('textbox', { name: 'Task name' }).fill('From the dialog');
  await expectAccessible(page);
  await page.keyboard.press('Control+Enter');
  await expect
    .poll(async () =>
      (await api<{ name: string }[]>('GET', `/tasks?project=${project.gid}&opt_fields=name`)).map((task) => task.name),
    )
    .toContain('From the dialog');
});
