import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { me } from '~/api/session.ts';
import { remember } from '~/lib/storage.ts';

/** The workspace of the address, or the first one. */
export function useWorkspace(): string {
  const { ws } = useParams({ strict: false }) as { ws?: string };
  const gid = ws ?? me().workspaces[0]?.gid ?? '';
  useEffect(() => {
    if (ws) remember('workspace', ws);
  }, [ws]);
  return gid;
}
