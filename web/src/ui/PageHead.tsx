import { useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { useHeadingFocus } from '~/lib/use-page.ts';
import styles from './PageHead.module.css';

interface PageHeadProps {
  title: string;
  /** Before the title: the tile of a project. */
  icon?: ReactNode;
  /** After the title: star, status. */
  beside?: ReactNode;
  /** At the end: faces, share, customize. */
  end?: ReactNode;
}

/** The heading of a page. It takes the focus when the page changes. */
export function PageHead({ title, icon, beside, end }: PageHeadProps) {
  const { t } = useLingui();
  const heading = useHeadingFocus<HTMLHeadingElement>(title);
  return (
    <header className={styles['head']}>
      {icon}
      <div className={styles['title']}>
        <h1 ref={heading} tabIndex={-1}>
          {title || t`Untitled`}
        </h1>
        {beside}
      </div>
      {end && <div className={styles['end']}>{end}</div>}
    </header>
  );
}
