import { type DOMOutputSpec, Schema } from 'prosemirror-model';

/**
 * Exactly what the API's rich text can say. Lines of the wire are paragraphs; a mention is an atom; what this version does not know
 * is kept as an opaque block, so that saving never destroys it.
 */
export const schema = new Schema({
  nodes: {
    doc: { content: 'block+' },
    paragraph: {
      group: 'block',
      content: 'inline*',
      parseDOM: [{ tag: 'p' }, { tag: 'div' }],
      toDOM: (): DOMOutputSpec => ['p', 0],
    },
    heading: {
      group: 'block',
      content: 'inline*',
      attrs: { level: { default: 1 } },
      defining: true,
      parseDOM: [
        { tag: 'h1', attrs: { level: 1 } },
        { tag: 'h2', attrs: { level: 2 } },
        { tag: 'h3', attrs: { level: 2 } },
      ],
      toDOM: (node): DOMOutputSpec => [`h${node.attrs['level']}`, 0],
    },
    blockquote: {
      group: 'block',
      content: 'paragraph+',
      defining: true,
      parseDOM: [{ tag: 'blockquote' }],
      toDOM: (): DOMOutputSpec => ['blockquote', 0],
    },
    code_block: {
      group: 'block',
      content: 'text*',
      marks: '',
      code: true,
      defining: true,
      parseDOM: [{ tag: 'pre', preserveWhitespace: 'full' }],
      toDOM: (): DOMOutputSpec => ['pre', ['code', 0]],
    },
    rule: { group: 'block', parseDOM: [{ tag: 'hr' }], toDOM: (): DOMOutputSpec => ['hr'] },
    bullet_list: {
      group: 'block',
      content: 'list_item+',
      parseDOM: [{ tag: 'ul' }],
      toDOM: (): DOMOutputSpec => ['ul', 0],
    },
    ordered_list: {
      group: 'block',
      content: 'list_item+',
      parseDOM: [{ tag: 'ol' }],
      toDOM: (): DOMOutputSpec => ['ol', 0],
    },
    list_item: {
      content: 'paragraph (bullet_list | ordered_list)*',
      defining: true,
      parseDOM: [{ tag: 'li' }],
      toDOM: (): DOMOutputSpec => ['li', 0],
    },
    image: {
      group: 'inline',
      inline: true,
      atom: true,
      draggable: true,
      attrs: { gid: {}, src: { default: '' }, alt: { default: '' } },
      toDOM: (node): DOMOutputSpec => ['img', { src: node.attrs['src'], alt: node.attrs['alt'] }],
    },
    mention: {
      group: 'inline',
      inline: true,
      atom: true,
      attrs: { gid: {}, type: { default: '' }, label: { default: '' }, href: { default: '' } },
      toDOM: (node): DOMOutputSpec => [
        'span',
        { class: 'mention', 'data-type': node.attrs['type'] },
        node.attrs['label'] || '…',
      ],
    },
    opaque: {
      group: 'block',
      atom: true,
      attrs: { xml: {}, text: { default: '' } },
      toDOM: (node): DOMOutputSpec => ['pre', { class: 'opaque', contenteditable: 'false' }, node.attrs['text']],
    },
    text: { group: 'inline' },
  },
  marks: {
    link: {
      attrs: { href: {} },
      inclusive: false,
      parseDOM: [
        {
          tag: 'a[href]',
          getAttrs: (element) =>
            /^(https?|mailto):/i.test(element.getAttribute('href') ?? '')
              ? { href: element.getAttribute('href') }
              : false,
        },
      ],
      toDOM: (mark): DOMOutputSpec => [
        'a',
        { href: mark.attrs['href'], rel: 'noopener noreferrer', target: '_blank' },
        0,
      ],
    },
    strong: { parseDOM: [{ tag: 'strong' }, { tag: 'b' }], toDOM: (): DOMOutputSpec => ['strong', 0] },
    em: { parseDOM: [{ tag: 'em' }, { tag: 'i' }], toDOM: (): DOMOutputSpec => ['em', 0] },
    u: { parseDOM: [{ tag: 'u' }], toDOM: (): DOMOutputSpec => ['u', 0] },
    s: { parseDOM: [{ tag: 's' }, { tag: 'del' }, { tag: 'strike' }], toDOM: (): DOMOutputSpec => ['s', 0] },
    code: { parseDOM: [{ tag: 'code' }], toDOM: (): DOMOutputSpec => ['code', 0] },
  },
});
