import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { render } from '@testing-library/react';
import axe from 'axe-core';
import type { ReactElement } from 'react';
import { expect } from 'vitest';

/** Renders with the language. */
export function show(element: ReactElement) {
  return render(<I18nProvider i18n={i18n}>{element}</I18nProvider>);
}

/** No violation of WCAG A or AA. Focus guards hand the focus on at once, so that they may be hidden. Contrast needs a real browser: the browser tests check it. */
export async function expectAccessible(container: Element = document.body): Promise<void> {
  const { violations } = await axe.run(
    { include: [container], exclude: ['[data-base-ui-focus-guard]'] } as axe.ElementContext,
    {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      rules: { 'color-contrast': { enabled: false } },
    },
  );
  expect(
    violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
  ).toEqual([]);
}
