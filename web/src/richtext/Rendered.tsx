import { DOMSerializer } from 'prosemirror-model';
import { useLayoutEffect, useRef } from 'react';
import styles from './richtext.module.css';
import { schema } from './schema.ts';
import { readXml } from './wire.ts';

const serializer = DOMSerializer.fromSchema(schema);

/** A rich text to read: nodes are built from the parsed tree, never from markup. */
export function Rendered({
  xml,
  onMention,
}: {
  xml: string | null | undefined;
  onMention?: (gid: string, type: string, href: string) => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(onMention);
  useLayoutEffect(() => {
    latest.current = onMention;
  });
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const doc = readXml(xml);
    node.replaceChildren(serializer.serializeFragment(doc.content));
    const mentions: { gid: string; type: string; href: string }[] = [];
    doc.descendants((child) => {
      if (child.type.name === 'mention')
        mentions.push({
          gid: String(child.attrs['gid']),
          type: String(child.attrs['type']),
          href: String(child.attrs['href']),
        });
    });
    node.querySelectorAll<HTMLElement>('.mention').forEach((span, index) => {
      const mention = mentions[index];
      if (!mention || mention.type === 'user' || !mention.type) return;
      span.role = 'link';
      span.tabIndex = 0;
      const go = () => latest.current?.(mention.gid, mention.type, mention.href);
      span.onclick = go;
      span.onkeydown = (event) => {
        if (event.key === 'Enter') go();
      };
    });
  }, [xml]);
  return <div ref={element} className={styles['prose']} />;
}
