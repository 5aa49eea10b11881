import styles from './toolbar.module.css';

/** The bar above a view, and its chips. */
export const toolbarClasses = {
  bar: styles['bar'] ?? '',
  split: styles['split'] ?? '',
  line: styles['line'] ?? '',
  on: styles['on'] ?? '',
  end: styles['end'] ?? '',
};
export const chipClass = styles['chip'] ?? '';
