import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '~/api/client.ts';
import { dayOf } from '~/lib/dates.ts';
import { expectAccessible, show } from '~/test/render.tsx';
import { Avatar, AvatarStack } from './Avatar.tsx';
import { Button, IconButton } from './Button.tsx';
import { Checkbox, Choices, Switch } from './Checkbox.tsx';
import { Picker } from './Combobox.tsx';
import { CompleteButton } from './CompleteButton.tsx';
import { DateField, type Dates } from './DateField.tsx';
import { Confirm, Dialog } from './Dialog.tsx';
import { Menu } from './Menu.tsx';
import { Badge, Pill, ProgressBar } from './Pill.tsx';
import { Popover } from './Popover.tsx';
import { Select } from './Select.tsx';
import { EmptyState, ErrorState, Notice, Skeleton } from './states.tsx';
import { Tabs } from './Tabs.tsx';
import { TextArea, TextField } from './TextField.tsx';
import { Toasts } from './Toasts.tsx';
import { toast, toasts } from './toasts.ts';

const user = userEvent.setup();

describe('buttons', () => {
  test('have names and wait without losing them', async () => {
    const run = vi.fn();
    show(
      <main>
        <Button onClick={run}>Save</Button>
        <Button isBusy onClick={run}>
          Saving
        </Button>
        <IconButton label="Attach" icon={<svg />} onClick={run} />
      </main>,
    );
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await user.click(screen.getByRole('button', { name: 'Saving' }));
    await user.click(screen.getByRole('button', { name: 'Attach' }));
    expect(run).toHaveBeenCalledTimes(2);
    await expectAccessible();
  });
});

describe('fields', () => {
  test('are labelled and say what is wrong', async () => {
    show(
      <main>
        <TextField label="Name" help="What it is called" value="" onChange={() => undefined} />
        <TextField label="Estimate" error="Use a number" value="three" onChange={() => undefined} />
        <TextArea label="People" value="" onChange={() => undefined} />
      </main>,
    );
    expect(screen.getByRole('textbox', { name: 'Name' })).toHaveProperty('value', '');
    const estimate = screen.getByRole('textbox', { name: 'Estimate' });
    expect(estimate.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByText('Use a number')).toBeTruthy();
    await expectAccessible();
  });

  test('checkbox, switch, choices', async () => {
    const change = vi.fn();
    show(
      <main>
        <Checkbox label="Create another" checked={false} onChange={change} />
        <Switch label="Single keys" checked onChange={change} />
        <Choices
          label="Who may join"
          name="join"
          value="a"
          onChange={change}
          options={[
            { value: 'a', label: 'Invited' },
            { value: 'b', label: 'Anyone', help: 'at example.com' },
          ]}
        />
      </main>,
    );
    await user.click(screen.getByRole('checkbox', { name: 'Create another' }));
    await user.click(screen.getByRole('switch', { name: 'Single keys' }));
    await user.click(screen.getByRole('radio', { name: /Anyone/ }));
    expect(change.mock.calls.map((call) => call[0])).toEqual([true, false, 'b']);
    await expectAccessible();
  });

  test('select', async () => {
    const change = vi.fn();
    show(
      <Select
        label="Theme"
        value="light"
        onChange={change}
        options={[
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />,
    );
    await user.click(screen.getByRole('combobox', { name: /Theme/ }));
    await user.click(await screen.findByRole('option', { name: 'Dark' }));
    expect(change).toHaveBeenCalledWith('dark');
  });
});

test('complete button', async () => {
  const toggle = vi.fn();
  show(
    <main>
      <CompleteButton name="Press kit" checked={false} onToggle={toggle} />
      <CompleteButton name="Budget" kind="approval" checked isReadOnly onToggle={toggle} />
    </main>,
  );
  await user.click(screen.getByRole('checkbox', { name: 'Complete: Press kit' }));
  await user.click(screen.getByRole('checkbox', { name: 'Approve: Budget', checked: true }));
  expect(toggle).toHaveBeenCalledOnce();
  await expectAccessible();
});

test('menu by keyboard', async () => {
  const run = vi.fn();
  const check = vi.fn();
  show(
    <Menu
      trigger={<button type="button">More</button>}
      entries={[
        { id: 'copy', label: 'Copy link', run },
        { kind: 'line', id: 'line' },
        { kind: 'check', id: 'follow', label: 'Follow', isChecked: true, run: check },
        { id: 'delete', label: 'Delete', isDanger: true, run },
      ]}
    />,
  );
  screen.getByRole('button', { name: 'More' }).focus();
  await user.keyboard('{Enter}');
  expect(await screen.findByRole('menuitem', { name: 'Copy link' })).toBeTruthy();
  await user.click(screen.getByRole('menuitemcheckbox', { name: 'Follow' }));
  expect(check).toHaveBeenCalledWith(false, expect.anything());
  await expectAccessible();
  await user.click(screen.getByRole('menuitem', { name: 'Delete' }));
  expect(run).toHaveBeenCalledOnce();
});

describe('dialogs', () => {
  test('are named, and close with Escape', async () => {
    const change = vi.fn();
    show(
      <Dialog
        open
        onOpenChange={change}
        title="New project"
        description="Holds tasks"
        actions={<Button>Create</Button>}
      >
        <TextField label="Name" value="" onChange={() => undefined} />
      </Dialog>,
    );
    expect(await screen.findByRole('dialog', { name: 'New project' })).toBeTruthy();
    await expectAccessible();
    await user.keyboard('{Escape}');
    expect(change).toHaveBeenCalledWith(false);
  });

  test('ask before what cannot be undone', async () => {
    const confirm = vi.fn();
    show(
      <Confirm
        open
        onOpenChange={() => undefined}
        title="Revoke “Backup”?"
        description="It cannot be undone."
        action="Revoke"
        isDanger
        onConfirm={confirm}
      />,
    );
    expect(await screen.findByRole('alertdialog', { name: 'Revoke “Backup”?' })).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Revoke' }));
    expect(confirm).toHaveBeenCalledOnce();
  });
});

test('picker finds and picks', async () => {
  const pick = vi.fn();
  const create = vi.fn();
  show(
    <Picker
      label="Tag"
      trigger={<button type="button">Tags</button>}
      options={[
        { value: '1', label: 'Urgent' },
        { value: '2', label: 'Press' },
      ]}
      onPick={pick}
      onCreate={create}
    />,
  );
  await user.click(screen.getByRole('button', { name: 'Tags' }));
  const box = await screen.findByRole('combobox', { name: 'Tag' });
  await user.type(box, 'pre');
  expect(screen.queryByRole('option', { name: 'Urgent' })).toBeNull();
  await user.click(screen.getByRole('option', { name: /Press/ }));
  expect(pick).toHaveBeenCalledWith('2');
});

test('popover', async () => {
  show(
    <Popover trigger={<button type="button">Due</button>} label="Due date">
      <p>Content</p>
    </Popover>,
  );
  await user.click(screen.getByRole('button', { name: 'Due' }));
  expect(await screen.findByText('Content')).toBeTruthy();
});

test('date field understands what is typed', async () => {
  function Host() {
    const [value, setValue] = useState<Dates>({ start: null, due: dayOf('2026-10-20') });
    return (
      <>
        <DateField value={value} onChange={setValue} trigger={<button type="button">Date</button>} />
        <output>{value.due?.toString() ?? 'none'}</output>
      </>
    );
  }
  show(<Host />);
  await user.click(screen.getByRole('button', { name: 'Date' }));
  const box = await screen.findByRole('textbox', { name: 'Due date' });
  await user.clear(box);
  await user.type(box, '24 dec 2026{Enter}');
  await waitFor(() => expect(screen.getByText('2026-12-24')).toBeTruthy());
});

test('tabs', async () => {
  function Host() {
    const [value, setValue] = useState('comments');
    return (
      <Tabs
        label="Activity"
        value={value}
        onChange={setValue}
        tabs={[
          { value: 'comments', label: 'Comments', count: 2 },
          { value: 'all', label: 'All activity' },
        ]}
      >
        {(shown) => <p>{shown}</p>}
      </Tabs>
    );
  }
  show(<Host />);
  await user.click(screen.getByRole('tab', { name: 'All activity' }));
  expect(screen.getByRole('tabpanel').textContent).toBe('all');
});

test('pills, faces, progress, badge', async () => {
  show(
    <main>
      <Pill color="blue">In progress</Pill>
      <Avatar gid="1" name="Maren Okafor" />
      <Avatar gid={null} />
      <AvatarStack
        most={1}
        people={[
          { gid: '1', name: 'Ada' },
          { gid: '2', name: 'Bo' },
        ]}
      />
      <ProgressBar value={0.4} label="Progress" />
      <Badge count={120} label="Unread" />
    </main>,
  );
  expect(screen.getByRole('img', { name: 'Maren Okafor' }).textContent).toBe('MO');
  expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40');
  expect(screen.getByText('99+')).toBeTruthy();
  expect(screen.getByText('+1')).toBeTruthy();
  await expectAccessible();
});

describe('states', () => {
  test('loading waits a moment before it shows', async () => {
    show(<Skeleton rows={2} />);
    expect(screen.getByRole('status', { name: 'Loading' }).childElementCount).toBe(0);
    await waitFor(() => expect(screen.getByRole('status').childElementCount).toBe(2));
  });

  test('empty, error, missing, notice', async () => {
    const retry = vi.fn();
    show(
      <main>
        <EmptyState title="No tasks yet" action={<Button>Add task</Button>} />
        <ErrorState error={new ApiError(500, 'The server failed', 'r1')} onRetry={retry} />
        <ErrorState error={new ApiError(404, 'Unknown object', 'r2')} />
        <Notice kind="warn">Careful</Notice>
      </main>,
    );
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledOnce();
    expect(screen.getByText('Not found, or no access')).toBeTruthy();
    await expectAccessible();
  });
});

describe('toasts', () => {
  beforeEach(() => toasts.set([]));
  test('say what happened and offer to undo it', async () => {
    const undo = vi.fn();
    show(<Toasts />);
    toast({ text: 'Task completed', action: { label: 'Undo', run: undo } });
    await user.click(await screen.findByRole('button', { name: 'Undo' }));
    expect(undo).toHaveBeenCalledOnce();
    await waitFor(() => expect(screen.queryByText('Task completed')).toBeNull());
  });
});
