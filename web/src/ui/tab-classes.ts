import styles from './Tabs.module.css';

/** Class names for links that look like tabs: views of a project. */
export const tabClasses = { list: styles['list'] ?? '', tab: styles['tab'] ?? '' };
