import { useLingui } from '@lingui/react/macro';
import type { EditorView } from 'prosemirror-view';
import { type RefObject, useEffect, useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { useUsers } from '~/store/lists.ts';
import { Avatar } from '~/ui/Avatar.tsx';
import styles from './richtext.module.css';
import { schema } from './schema.ts';

/** What was typed after an @, and where. */
export interface MentionQuery {
  text: string;
  from: number;
  to: number;
}

const LONGEST = 30;

/** The @ before the cursor, if one is being typed. */
export function mentionAt(view: EditorView): MentionQuery | null {
  const { $from, empty } = view.state.selection;
  if (!empty || $from.parent.type.spec.code) return null;
  const before = $from.parent.textBetween(
    Math.max(0, $from.parentOffset - LONGEST),
    $from.parentOffset,
    undefined,
    '\ufffc',
  );
  const match = /(?:^|\s)@([\p{L}\p{N}.' -]{0,28})$/u.exec(before);
  if (!match || match[1]?.endsWith('  ')) return null;
  const length = (match[1]?.length ?? 0) + 1;
  return { text: match[1] ?? '', from: $from.pos - length, to: $from.pos };
}

interface MentionsProps {
  ws: Gid;
  query: MentionQuery;
  view: EditorView;
  /** The editor hands the keys to the list while it is open. */
  keys: RefObject<((event: KeyboardEvent) => boolean) | null>;
  onClose: () => void;
}

/** People whose name begins with what was typed. */
export function Mentions({ ws, query, view, keys, onClose }: MentionsProps) {
  const { t } = useLingui();
  const [active, setActive] = useState(0);
  const users = useUsers(ws).gids ?? [];
  const needle = query.text.toLocaleLowerCase();
  const found = users
    .flatMap((gid) => store.get('user', gid) ?? [])
    .filter((user) => ` ${user.name ?? ''}`.toLocaleLowerCase().includes(` ${needle}`))
    .slice(0, 6);
  const insert = (index: number) => {
    const user = found[index];
    if (!user) return;
    const mention = schema.node('mention', { gid: user.gid, type: 'user', label: `@${user.name ?? ''}` });
    view.dispatch(view.state.tr.replaceWith(query.from, query.to, [mention, schema.text(' ')]));
    view.focus();
    onClose();
  };
  const current = Math.min(active, Math.max(0, found.length - 1));
  useEffect(() => {
    keys.current = (event) => {
      if (found.length === 0) return false;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        setActive((current + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length);
        return true;
      }
      if (event.key === 'Enter' || event.key === 'Tab') {
        insert(current);
        return true;
      }
      if (event.key === 'Escape') {
        onClose();
        return true;
      }
      return false;
    };
    return () => {
      keys.current = null;
    };
  });
  if (found.length === 0) return null;
  const at = view.coordsAtPos(query.from);
  const isBelow = at.bottom + 260 < innerHeight;
  const place = isBelow ? { insetBlockStart: at.bottom + 4 } : { insetBlockEnd: innerHeight - at.top + 4 };
  return (
    <div
      className={styles['mentions']}
      role="listbox"
      aria-label={t`People`}
      style={{ ...place, insetInlineStart: Math.min(at.left, innerWidth - 276) }}
    >
      {found.map((user, index) => (
        <button
          key={user.gid}
          type="button"
          role="option"
          aria-selected={index === current}
          tabIndex={-1}
          className={styles['option']}
          onMouseDown={(event) => {
            event.preventDefault();
            insert(index);
          }}
        >
          <Avatar gid={user.gid} name={user.name} size={20} isDecorative />
          <span className="truncate">{user.name}</span>
        </button>
      ))}
    </div>
  );
}
