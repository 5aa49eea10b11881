import { Dialog } from '@base-ui/react/dialog';
import { useLingui } from '@lingui/react/macro';
import { Download, FileText, Link as LinkIcon, Trash2, X } from 'lucide-react';
import { useState } from 'react';
import { ApiError, request } from '~/api/client.ts';
import { type Gid, isTemporary, randomToken } from '~/lib/id.ts';
import { formatBytes } from '~/lib/locale.ts';
import { store } from '~/store/entity-store.ts';
import { ATTACHMENT_FIELDS } from '~/store/fields.ts';
import { useEntity } from '~/store/hooks.ts';
import { ingest } from '~/store/ingest.ts';
import { useList } from '~/store/lists.ts';
import { changeOrder } from '~/store/orders.ts';
import { queryClient } from '~/store/queries.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Confirm } from '~/ui/Dialog.tsx';
import { toast } from '~/ui/toasts.ts';
import styles from './TaskPane.module.css';

/** A file that is on its way. */
export interface Upload {
  id: string;
  name: string;
}

/** Uploads files to a task; what is on its way is shown. */
export function useUpload(parent: Gid): { uploads: readonly Upload[]; upload: (files: readonly File[]) => void } {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const send = async (file: File) => {
    const id = randomToken();
    setUploads((before) => [...before, { id, name: file.name }]);
    try {
      const body = new FormData();
      body.set('parent', parent);
      body.set('file', file, file.name);
      const at = store.now();
      const { data } = await request<{ data: { gid: Gid } }>('POST', '/attachments', {
        body,
        query: { opt_fields: ATTACHMENT_FIELDS },
      });
      ingest(store, data, at);
      changeOrder(`attachments:${parent}`, (items) => [...items, data.gid]);
      void queryClient.invalidateQueries({ queryKey: ['list', `attachments:${parent}`] });
    } catch (error) {
      const why = error instanceof ApiError ? error.message : String(error);
      toast({ kind: 'error', text: `${file.name}: ${why}`, action: { label: 'Retry', run: () => void send(file) } });
    } finally {
      setUploads((before) => before.filter((item) => item.id !== id));
    }
  };
  return {
    uploads,
    upload: (files) => {
      for (const file of files) void send(file);
    },
  };
}

const IMAGE = /\.(png|jpe?g|gif|webp|avif)$/i;

/** The files of a task. Images open in front of the page, the rest is downloaded. */
export function Attachments({ gid, uploads }: { gid: Gid; uploads: readonly Upload[] }) {
  const { t } = useLingui();
  const list = useList(isTemporary(gid) ? null : `attachments:${gid}`, '/attachments', {
    parent: gid,
    opt_fields: ATTACHMENT_FIELDS,
  });
  const [shown, setShown] = useState<Gid | null>(null);
  const gids = list.gids ?? [];
  const images = gids.filter((item) => IMAGE.test(store.get('attachment', item)?.name ?? ''));
  if (gids.length === 0 && uploads.length === 0) return null;
  const step = (by: 1 | -1) => {
    const index = shown ? images.indexOf(shown) : -1;
    if (index >= 0) setShown(images[(index + by + images.length) % images.length] ?? null);
  };
  return (
    <section className={styles['block']} aria-label={t`Files`}>
      <h3>{t`Files`}</h3>
      <ul className={styles['files']}>
        {gids.map((item) => (
          <FileTile key={item} gid={item} parent={gid} onShow={() => setShown(item)} />
        ))}
        {uploads.map((item) => (
          <li key={item.id} className={styles['file']} aria-busy="true">
            <span className={styles['thumb']}>
              <FileText aria-hidden="true" />
            </span>
            <span className={styles['fileName']}>{t`Uploading ${item.name}`}</span>
          </li>
        ))}
      </ul>
      {shown && <Lightbox gid={shown} onClose={() => setShown(null)} onStep={step} />}
    </section>
  );
}

function FileTile({ gid, parent, onShow }: { gid: Gid; parent: Gid; onShow: () => void }) {
  const { t } = useLingui();
  const file = useEntity('attachment', gid);
  const [isAsking, ask] = useState(false);
  if (!file) return null;
  const name = file.name ?? '';
  const address = file.download_url ?? file.view_url ?? undefined;
  const isImage = IMAGE.test(name) && !!address;
  const picture = isImage ? (
    <img src={file.view_url ?? address} alt="" loading="lazy" />
  ) : file.host === 'external' ? (
    <LinkIcon aria-hidden="true" />
  ) : (
    <FileText aria-hidden="true" />
  );
  const remove = async () => {
    try {
      await request('DELETE', `/attachments/${gid}`);
      changeOrder(`attachments:${parent}`, (items) => items.filter((item) => item !== gid));
    } catch (error) {
      toast({ kind: 'error', text: error instanceof ApiError ? error.message : String(error) });
    }
  };
  return (
    <li className={styles['file']}>
      {isImage ? (
        <button type="button" className={styles['thumb']} aria-label={t`Show ${name}`} onClick={onShow}>
          {picture}
        </button>
      ) : (
        <a
          className={styles['thumb']}
          href={address}
          target="_blank"
          rel="noopener noreferrer"
          aria-label={t`Download ${name}`}
        >
          {picture}
        </a>
      )}
      <span className={styles['fileName']} title={name}>
        {name}
      </span>
      <span className={styles['fileMeta']}>{file.size ? formatBytes(file.size) : ''}</span>
      <IconButton
        isPlain
        size="sm"
        className={styles['fileRemove'] ?? ''}
        label={t`Delete ${name}`}
        icon={<Trash2 />}
        onClick={() => ask(true)}
      />
      {isAsking && (
        <Confirm
          open
          onOpenChange={ask}
          title={t`Delete “${name}”?`}
          description={t`The file is removed for everybody. This cannot be undone.`}
          action={t`Delete file`}
          isDanger
          onConfirm={() => void remove()}
        />
      )}
    </li>
  );
}

function Lightbox({ gid, onClose, onStep }: { gid: Gid; onClose: () => void; onStep: (by: 1 | -1) => void }) {
  const { t } = useLingui();
  const file = useEntity('attachment', gid);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['dark']} />
        <Dialog.Popup
          className={styles['lightbox']}
          aria-label={file?.name ?? t`File`}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') onStep(1);
            if (event.key === 'ArrowLeft') onStep(-1);
          }}
        >
          <header>
            <span className="truncate">{file?.name}</span>
            <a href={file?.download_url ?? undefined} download={file?.name} aria-label={t`Download`}>
              <Download />
            </a>
            <Dialog.Close aria-label={t`Close`}>
              <X />
            </Dialog.Close>
          </header>
          <img src={file?.view_url ?? file?.download_url ?? undefined} alt={file?.name ?? ''} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
