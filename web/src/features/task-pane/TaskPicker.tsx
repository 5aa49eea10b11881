import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { request } from '~/api/client.ts';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { ingestList } from '~/store/ingest.ts';
import { Picker } from '~/ui/Combobox.tsx';

interface TaskPickerProps {
  ws: Gid;
  label: string;
  without: readonly Gid[];
  trigger: ReactElement;
  onPick: (gid: Gid) => void;
}

/** Finds a task by its name. Without a text the server tells those that matter most. */
export function TaskPicker({ ws, label, without, trigger, onPick }: TaskPickerProps) {
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const found = useQuery({
    queryKey: ['typeahead', ws, text],
    enabled: isOpen,
    queryFn: async ({ signal }) => {
      const at = store.now();
      const query = {
        resource_type: 'task',
        query: text,
        count: 20,
        opt_fields: 'name,completed,due_on,memberships.project.name',
      };
      const { data } = await request<{ data: unknown[] }>('GET', `/workspaces/${ws}/typeahead`, { query, signal });
      return ingestList(store, data, at);
    },
    placeholderData: (before) => before,
  });
  return (
    <Picker
      label={label}
      trigger={trigger}
      open={isOpen}
      onOpenChange={setOpen}
      onSearch={setText}
      onPick={onPick}
      options={(found.data ?? []).flatMap((gid) => {
        const task = store.get('task', gid);
        return task && !without.includes(gid)
          ? [{ value: gid, label: task.name ?? '', hint: task.memberships?.[0]?.project?.name }]
          : [];
      })}
    />
  );
}
