import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import { useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, IconButton } from './Button.tsx';
import styles from './Dialog.module.css';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** Under the title. */
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons at the end; the primary one last. */
  actions?: ReactNode;
  size?: 'sm' | 'md' | 'lg';
}

/** A question or form in front of the page. */
export function Dialog({ open, onOpenChange, title, description, children, actions, size = 'md' }: DialogProps) {
  const { t } = useLingui();
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop className={styles['scrim']} />
        <Base.Viewport className={styles['viewport']}>
          <Base.Popup className={`${styles['dialog']} ${styles[size]}`}>
            <header className={styles['head']}>
              <Base.Title className={styles['title']}>{title}</Base.Title>
              <Base.Close render={<IconButton isPlain label={t`Close`} icon={<X />} />} />
            </header>
            <div className={styles['body']}>
              {description && <Base.Description className={styles['text']}>{description}</Base.Description>}
              {children}
            </div>
            {actions && <footer className={styles['actions']}>{actions}</footer>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** The question, naming the object: Delete "Tell people"? */
  title: string;
  description: ReactNode;
  /** The verb on the button. */
  action: string;
  isDanger?: boolean;
  onConfirm: () => void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ open, onOpenChange, title, description, action, isDanger, onConfirm }: ConfirmProps) {
  const { t } = useLingui();
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles['scrim']} />
        <AlertDialog.Viewport className={styles['viewport']}>
          <AlertDialog.Popup className={`${styles['dialog']} ${styles['sm']}`}>
            <header className={styles['head']}>
              <AlertDialog.Title className={styles['title']}>{title}</AlertDialog.Title>
            </header>
            <div className={styles['body']}>
              <AlertDialog.Description className={styles['text']}>{description}</AlertDialog.Description>
            </div>
            <footer className={styles['actions']}>
              <AlertDialog.Close render={<Button>{t`Cancel`}</Button>} />
              <AlertDialog.Close
                render={
                  <Button kind={isDanger ? 'danger' : 'primary'} onClick={onConfirm}>
                    {action}
                  </Button>
                }
              />
            </footer>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
