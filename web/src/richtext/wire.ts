import type { Fragment, Mark, Node } from 'prosemirror-model';
import { schema } from './schema.ts';

/** Tags of the API that are marks here, outermost first. */
const MARKS = ['link', 'strong', 'em', 'u', 's', 'code'] as const;
const MARK_TAGS: Record<string, string> = {
  strong: 'strong',
  b: 'strong',
  em: 'em',
  i: 'em',
  u: 'u',
  s: 's',
  code: 'code',
  tt: 'code',
};
const BLOCKS: ReadonlySet<string> = new Set(['h1', 'h2', 'blockquote', 'pre', 'hr', 'ul', 'ol', 'table', 'object']);

export function escapeXml(text: string): string {
  return text
    .replace(
      /[&<>"]/g,
      (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character,
    )
    .replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? character : ''));
}

// --- reading ---

/** The document of a rich text. What is no XML is shown as it is. */
export function readXml(xml: string | null | undefined): Node {
  const parsed = new DOMParser().parseFromString(xml || '<body></body>', 'text/xml');
  const body = parsed.documentElement;
  if (parsed.querySelector('parsererror') || body.tagName !== 'body') return plainDocument(xml ?? '');
  const blocks = readBlocks(body);
  return schema.node('doc', null, blocks.length ? blocks : [schema.node('paragraph')]);
}

/** A document of plain text, a paragraph for each line. */
export function plainDocument(text: string): Node {
  const lines = text.split('\n').map((line) => schema.node('paragraph', null, line ? [schema.text(line)] : []));
  return schema.node('doc', null, lines);
}

function readBlocks(parent: Element): Node[] {
  const blocks: Node[] = [];
  let line: Node[] = [];
  let isOpen = false;
  const flush = () => {
    if (isOpen || line.length > 0) blocks.push(schema.node('paragraph', null, line));
    line = [];
    isOpen = false;
  };
  for (const child of parent.childNodes) {
    if (child instanceof Element && BLOCKS.has(child.tagName)) {
      // The line break before a block belongs to it.
      if (line.length > 0) flush();
      isOpen = false;
      blocks.push(readBlock(child));
      continue;
    }
    for (const piece of readInline(child, [])) {
      if (piece === '\n') {
        const afterBlock =
          line.length === 0 && !isOpen && blocks.length > 0 && blocks.at(-1)?.type.name !== 'paragraph';
        if (afterBlock) isOpen = false;
        else flush();
        if (!afterBlock || line.length > 0) isOpen = true;
      } else line.push(piece);
    }
  }
  if (line.length > 0 || (isOpen && blocks.length === 0)) flush();
  return blocks;
}

function readBlock(element: Element): Node {
  switch (element.tagName) {
    case 'h1':
    case 'h2':
      return schema.node('heading', { level: element.tagName === 'h1' ? 1 : 2 }, inline(element));
    case 'blockquote': {
      const lines = readBlocks(element).filter((node) => node.type.name === 'paragraph');
      return schema.node('blockquote', null, lines.length ? lines : [schema.node('paragraph')]);
    }
    case 'pre': {
      const text = element.textContent ?? '';
      return schema.node('code_block', null, text ? [schema.text(text)] : []);
    }
    case 'hr':
      return schema.node('rule');
    case 'ul':
    case 'ol': {
      const items = [...element.children].filter((child) => child.tagName === 'li').map(readItem);
      return items.length
        ? schema.node(element.tagName === 'ul' ? 'bullet_list' : 'ordered_list', null, items)
        : schema.node('paragraph');
    }
    default:
      return schema.node('opaque', {
        xml: new XMLSerializer().serializeToString(element),
        text: element.textContent ?? '',
      });
  }
}

function readItem(element: Element): Node {
  const line: Node[] = [];
  const lists: Node[] = [];
  for (const child of element.childNodes) {
    if (child instanceof Element && (child.tagName === 'ul' || child.tagName === 'ol')) lists.push(readBlock(child));
    else line.push(...readInline(child, []).map((piece) => (piece === '\n' ? schema.text(' ') : piece)));
  }
  return schema.node('list_item', null, [
    schema.node('paragraph', null, line),
    ...lists.filter((list) => list.type.name !== 'paragraph'),
  ]);
}

function inline(element: Element): Node[] {
  return [...element.childNodes]
    .flatMap((child) => readInline(child, []))
    .map((piece) => (piece === '\n' ? schema.text(' ') : piece));
}

function readInline(node: ChildNode, marks: readonly Mark[]): (Node | '\n')[] {
  if (node.nodeType === 3 || node.nodeType === 4) {
    return (node.textContent ?? '')
      .split(/(\n)/)
      .filter(Boolean)
      .map((part) => (part === '\n' ? '\n' : schema.text(part, [...marks])));
  }
  if (!(node instanceof Element)) return [];
  const children = (more: readonly Mark[]) => [...node.childNodes].flatMap((child) => readInline(child, more));
  const mark = MARK_TAGS[node.tagName];
  if (mark) return children([...marks, schema.mark(mark)]);
  if (node.tagName === 'a') {
    const gid = node.getAttribute('data-asana-gid');
    const href = node.getAttribute('href') ?? '';
    if (gid)
      return [
        schema.node(
          'mention',
          { gid, type: node.getAttribute('data-asana-type') ?? '', label: node.textContent ?? '', href },
          undefined,
          [...marks],
        ),
      ];
    return /^(https?|mailto):/i.test(href) ? children([...marks, schema.mark('link', { href })]) : children(marks);
  }
  if (node.tagName === 'img') {
    const gid = node.getAttribute('data-asana-gid');
    return gid
      ? [schema.node('image', { gid, src: node.getAttribute('src') ?? '', alt: node.getAttribute('alt') ?? '' })]
      : [];
  }
  return children(marks);
}

// --- writing ---

/** The XML of a document; `<body></body>` for an empty one. */
export function writeXml(doc: Node): string {
  let last = doc.childCount;
  while (last > 0 && doc.child(last - 1).type.name === 'paragraph' && doc.child(last - 1).childCount === 0) last -= 1;
  let out = '';
  for (let index = 0; index < last; index += 1) {
    const block = doc.child(index);
    const previous = index > 0 ? doc.child(index - 1) : null;
    if (block.type.name === 'paragraph')
      out += (previous?.type.name === 'paragraph' ? '\n' : '') + writeInline(block.content);
    else out += writeBlock(block);
  }
  return `<body>${out}</body>`;
}

function writeBlock(block: Node): string {
  switch (block.type.name) {
    case 'heading':
      return `<h${block.attrs['level']}>${writeInline(block.content)}</h${block.attrs['level']}>`;
    case 'blockquote': {
      const lines: string[] = [];
      block.forEach((line) => {
        lines.push(writeInline(line.content));
      });
      return `<blockquote>${lines.join('\n')}</blockquote>`;
    }
    case 'code_block':
      return `<pre>${escapeXml(block.textContent)}</pre>`;
    case 'rule':
      return '<hr/>';
    case 'bullet_list':
      return `<ul>${writeItems(block)}</ul>`;
    case 'ordered_list':
      return `<ol>${writeItems(block)}</ol>`;
    case 'opaque':
      return String(block.attrs['xml']);
    default:
      return writeInline(block.content);
  }
}

function writeItems(list: Node): string {
  let out = '';
  list.forEach((item) => {
    out += '<li>';
    item.forEach((child) => {
      out += child.type.name === 'paragraph' ? writeInline(child.content) : writeBlock(child);
    });
    out += '</li>';
  });
  return out;
}

/** Marks that neighbours share stay open across them. */
function writeInline(content: Fragment): string {
  let out = '';
  let open: Mark[] = [];
  const tagOf = (mark: Mark) => (mark.type.name === 'link' ? 'a' : mark.type.name);
  const close = (keep: number) => {
    for (const mark of open.slice(keep).reverse()) out += `</${tagOf(mark)}>`;
    open = open.slice(0, keep);
  };
  content.forEach((node) => {
    let shared = 0;
    while (shared < open.length && open[shared]?.isInSet(node.marks)) shared += 1;
    const kept = open.slice(0, shared);
    const more = node.marks.filter((mark) => !mark.isInSet(kept));
    close(shared);
    for (const mark of more.sort(
      (a, b) => MARKS.indexOf(a.type.name as 'link') - MARKS.indexOf(b.type.name as 'link'),
    )) {
      out += mark.type.name === 'link' ? `<a href="${escapeXml(String(mark.attrs['href']))}">` : `<${mark.type.name}>`;
      open.push(mark);
    }
    if (node.isText) out += escapeXml(node.text ?? '');
    else
      out +=
        node.type.name === 'image'
          ? `<img data-asana-gid="${escapeXml(String(node.attrs['gid']))}"/>`
          : `<a data-asana-gid="${escapeXml(String(node.attrs['gid']))}"/>`;
  });
  close(0);
  return out;
}

/** Whether there is nothing to read. */
export function isBlank(xml: string | null | undefined): boolean {
  return !xml || xml.replace(/<\/?body>/g, '').trim() === '';
}
