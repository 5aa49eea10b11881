import { t } from '@lingui/core/macro';
import { request } from '~/api/client.ts';
import { type Gid, temporaryGid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { STORY_FIELDS } from '~/store/fields.ts';
import { optimisticPlace, optimisticRemove } from '~/store/orders.ts';
import type { Mutation } from './queue.ts';

/** Writes a comment. It stands in the order `stories:{parent}`. */
export function createComment(
  parent: Gid,
  html: string,
  author: { gid: string; name: string },
  path = 'tasks',
): Mutation & { gid: Gid } {
  const gid = temporaryGid();
  return {
    gid,
    label: t`Comment written`,
    gids: [gid, parent],
    isOnce: true,
    optimistic: (records) => [
      records.optimistic(gid, {
        type: 'comment',
        resource_subtype: 'comment_added',
        html_text: html,
        created_by: author,
        created_at: new Date().toISOString(),
        is_editable: false,
        liked: false,
        num_likes: 0,
      }),
      optimisticPlace(`stories:${parent}`, gid, 'end'),
    ],
    request: async ({ id, idempotencyKey, requestId }) => {
      const { data } = await request<{ data: unknown }>('POST', `/${path}/${id(parent)}/stories`, {
        body: { html_text: html },
        query: { opt_fields: STORY_FIELDS },
        idempotencyKey,
        requestId,
      });
      return data;
    },
    done: (data, records) => records.rename(gid, (data as { gid: Gid }).gid),
  };
}

function update(gid: Gid, change: Record<string, unknown>, label: string): Mutation {
  const before = store.get('story', gid) as Record<string, unknown> | undefined;
  const back = Object.fromEntries(Object.keys(change).map((name) => [name, before?.[name] ?? null]));
  const body = Object.fromEntries(
    Object.entries(change).filter(([name]) => name !== 'num_likes' && name !== 'is_edited'),
  );
  return {
    label,
    gids: [gid],
    optimistic: (records) => [records.optimistic(gid, change)],
    request: async ({ id, requestId }) =>
      (
        await request<{ data: unknown }>('PUT', `/stories/${id(gid)}`, {
          body,
          query: { opt_fields: STORY_FIELDS },
          requestId,
        })
      ).data,
    inverse: () => update(gid, back, label),
  };
}

export function editComment(gid: Gid, html_text: string): Mutation {
  return update(gid, { html_text, is_edited: true }, t`Comment changed`);
}

export function pinComment(gid: Gid, is_pinned: boolean): Mutation {
  return update(gid, { is_pinned }, is_pinned ? t`Comment pinned` : t`Comment unpinned`);
}

export function likeComment(gid: Gid, liked: boolean): Mutation {
  const count = store.get('story', gid)?.num_likes ?? 0;
  return update(gid, { liked, num_likes: Math.max(0, count + (liked ? 1 : -1)) }, liked ? t`Liked` : t`Like removed`);
}

/** How long a deletion can be undone. */
const UNDO_MS = 10_000;

export function deleteComment(gid: Gid, parent: Gid): Mutation {
  const mutation: Mutation = {
    label: t`Comment deleted`,
    gids: [gid],
    optimistic: () => [optimisticRemove(`stories:${parent}`, gid)],
    request: ({ id, requestId }) => request('DELETE', `/stories/${id(gid)}`, { requestId }),
    hold: UNDO_MS,
    inverse: () => ({
      label: t`Comment restored`,
      gids: [gid],
      optimistic: () => [],
      request: () => Promise.resolve(null),
      cancels: mutation,
    }),
  };
  return mutation;
}
