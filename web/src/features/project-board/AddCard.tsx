import { useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { linesOf } from '~/grid/NameEditor.tsx';
import styles from './board.module.css';

/** A card that is being written. Enter makes it and goes on with the next, Escape ends. */
export function AddCard({ onAdd, onDone }: { onAdd: (name: string) => void; onDone: () => void }) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
    input.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const add = () => {
    if (text.trim()) onAdd(text.trim());
    setText('');
    return !!text.trim();
  };
  return (
    <div className={`${styles['card']} ${styles['write']}`}>
      <textarea
        ref={input}
        rows={2}
        aria-label={t`New task`}
        placeholder={t`Write a task name`}
        value={text}
        onChange={(event) => setText(event.target.value.replace(/\n/g, ' '))}
        onPaste={(event) => {
          const lines = linesOf(event.clipboardData.getData('text/plain'));
          if (lines.length < 2 || text) return;
          event.preventDefault();
          for (const line of lines) onAdd(line);
        }}
        onBlur={() => {
          add();
          onDone();
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter') {
            event.preventDefault();
            if (!add()) onDone();
          } else if (event.key === 'Escape') {
            setText('');
            onDone();
          }
        }}
      />
    </div>
  );
}
