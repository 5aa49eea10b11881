import { useLingui } from '@lingui/react/macro';
import { type Command, useCommands } from '~/lib/shortcuts.ts';
import { Dialog } from '~/ui/Dialog.tsx';
import { Kbd } from '~/ui/Kbd.tsx';
import styles from './Help.module.css';
import { helpOpen } from './shell-state.ts';

/** Every key that works now, from the one registry. */
export function Help() {
  const { t } = useLingui();
  const commands = useCommands();
  const groups = new Map<string, Command[]>();
  for (const command of [...commands].reverse()) {
    if (command.keys?.length) groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  }
  return (
    <Dialog open onOpenChange={(open) => helpOpen.set(open)} title={t`Keyboard shortcuts`} size="lg">
      <div className={styles['groups']}>
        {[...groups].map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list.map((command) => (
                <div key={command.id}>
                  <dt>{command.label}</dt>
                  <dd>
                    {command.keys?.map((keys, index) => (
                      <span key={keys}>
                        {index > 0 && <span className="muted">{t`or`}</span>}
                        <span className="sr">{keys}</span>
                        <Kbd keys={keys} />
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
