import { expect, test } from 'vitest';
import { expectAccessible, open, signIn, withBrowser } from './browser.ts';

withBrowser();

test('a wrong password is refused, the right one leads to where one wanted to go', async () => {
  const { page, problems } = await open({}, false);
  await page.goto('/1/1200000000000000/settings/tokens');
  await page.waitForURL(/\/login\?next=/);
  await expectAccessible(page);
  await page.getByLabel('Email').fill('maren.okafor@tidewater.example');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await expectAccessible(page);
  const { inject } = await import('vitest');
  await page.getByLabel('Password', { exact: true }).fill(inject('password'));
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/1/1200000000000000/settings/tokens');
  expect(problems).toEqual([]);
});

test('signing out ends the session', async () => {
  const { page } = await open({}, false);
  await signIn(page);
  await page.getByRole('button', { name: /account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/login/);
  await page.goto('/');
  await page.waitForURL(/\/login/);
});

test('a token is made, shown once, and revoked', async () => {
  const { page } = await open();
  await page.goto('/1/1200000000000000/settings/tokens');
  await page.getByLabel('Name').fill('Backup script');
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByText('Copy it now').waitFor();
  await expectAccessible(page);
  await page.reload();
  await page.getByRole('listitem').filter({ hasText: 'Backup script' }).waitFor();
  expect(await page.getByText('Copy it now').count()).toBe(0);
  await page.getByRole('listitem').filter({ hasText: 'Backup script' }).getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('listitem').filter({ hasText: 'Backup script' }).waitFor({ state: 'detached' });
});

test('the theme is kept on the server', async () => {
  const { page } = await open();
  await page.goto('/1/1200000000000000/settings/display');
  await page.getByRole('combobox', { name: 'Theme' }).click();
  await page.getByRole('option', { name: 'Dark' }).click();
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
  await expectAccessible(page);
  const other = await open();
  await other.page.goto('/');
  await other.page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
  await page.getByRole('combobox', { name: 'Theme' }).click();
  await page.getByRole('option', { name: 'As the system' }).click();
  await page.waitForFunction(() => !document.documentElement.dataset['theme']);
});

test('an invitation that is not one says so', async () => {
  const { page } = await open({}, false);
  await page.goto('/invite/nothing');
  await page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor();
  await expectAccessible(page);
  await page.goto('/reset');
  await page.getByLabel('Email').fill('nobody@example.com');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
});
