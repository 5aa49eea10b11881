import styles from './Logo.module.css';

/** The mark and the name. */
export function Logo({ name = true }: { name?: boolean }) {
  return (
    <span className={styles['logo']}>
      <svg className={styles['mark']} viewBox="0 0 24 24" aria-hidden="true">
        <path d="M3.5 8c4.3 0 4.3 9 8.5 9 3.4 0 4-4.6 5.6-7.2" />
        <circle cx="19.4" cy="7" r="2" />
      </svg>
      {name && 'Vinyasa'}
    </span>
  );
}
