import { describe, expect, test } from 'vitest';
import { isBlank, plainDocument, readXml, writeXml } from './wire.ts';

/** Reading and writing again gives the same text. */
const KEPT: [string, string][] = [
  ['empty', '<body></body>'],
  ['one line', '<body>One line</body>'],
  ['lines', '<body>One\nTwo\n\nFour</body>'],
  ['marks', '<body><strong>a</strong><em>b</em><u>c</u><s>d</s><code>e</code></body>'],
  ['marks that overlap', '<body><strong>a<em>b</em></strong></body>'],
  ['shared marks stay open', '<body><strong>a <a href="https://example.com">b</a> c</strong></body>'],
  ['link', '<body><a href="https://example.com/?a=1&amp;b=2">text</a></body>'],
  ['lists', '<body><ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>d</li></ol></body>'],
  ['headings', '<body><h1>Title</h1><h2>Part</h2>Text</body>'],
  ['text, then a list', '<body>Before<ul><li>a</li></ul>After</body>'],
  ['quote', '<body><blockquote>a\nb</blockquote></body>'],
  ['pre', '<body><pre>let a = 1;\n  b &lt; c</pre></body>'],
  ['rule', '<body>a<hr/>b</body>'],
  ['escapes', '<body>&lt;script&gt;alert("x")&lt;/script&gt; &amp; more</body>'.replaceAll('"', '&quot;')],
  ['mention', '<body>Hello <a data-asana-gid="12"/> there</body>'],
  ['image', '<body><img data-asana-gid="34"/></body>'],
];

describe('the wire', () => {
  test.each(KEPT)('%s', (_, xml) => {
    expect(writeXml(readXml(xml))).toBe(xml);
  });

  test('a mention keeps its gid and shows its name', () => {
    const doc = readXml(
      '<body><a href="http://x/0/profile/5" data-asana-gid="5" data-asana-type="user" data-asana-accessible="true">@Ada</a></body>',
    );
    expect(doc.firstChild?.firstChild?.attrs).toMatchObject({ gid: '5', type: 'user', label: '@Ada' });
    expect(writeXml(doc)).toBe('<body><a data-asana-gid="5"/></body>');
  });

  test('what is not known is kept as it is', () => {
    const xml = '<body><table><tr><td>a</td></tr></table></body>';
    expect(writeXml(readXml(xml))).toBe(xml);
  });

  test('scripts are text, addresses that run are dropped', () => {
    expect(writeXml(readXml('<body><a href="javascript:alert(1)">x</a></body>'))).toBe('<body>x</body>');
    expect(writeXml(plainDocument('<img src=x onerror=alert(1)>'))).toBe(
      '<body>&lt;img src=x onerror=alert(1)&gt;</body>',
    );
  });

  test('what is no XML is shown as it is', () => {
    expect(readXml('<body>broken').textContent).toContain('broken');
  });

  test('blank', () => {
    expect(isBlank('<body>\n </body>')).toBe(true);
    expect(isBlank('<body>a</body>')).toBe(false);
    expect(isBlank(null)).toBe(true);
  });
});
