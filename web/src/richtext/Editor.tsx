import { useLingui } from '@lingui/react/macro';
import { Bold, Code, Heading1, Italic, Link2, List, ListOrdered, Quote, Strikethrough, Underline } from 'lucide-react';
import { baseKeymap, chainCommands, exitCode, setBlockType, toggleMark, wrapIn } from 'prosemirror-commands';
import { history, redo, undo } from 'prosemirror-history';
import { inputRules, textblockTypeInputRule, wrappingInputRule } from 'prosemirror-inputrules';
import { keymap } from 'prosemirror-keymap';
import { liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list';
import { type Command, EditorState, type Plugin } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import { IconButton } from '~/ui/Button.tsx';
import { type MentionQuery, Mentions, mentionAt } from './Mentions.tsx';
import styles from './richtext.module.css';
import { schema } from './schema.ts';
import { isBlank, readXml, writeXml } from './wire.ts';

export interface EditorHandle {
  focus: () => void;
  clear: () => void;
  xml: () => string;
  insert: (text: string) => void;
}

interface EditorProps {
  ws: Gid;
  label: string;
  value: string;
  placeholder?: string;
  /** Told at every change. */
  onChange?: (xml: string) => void;
  /** Told when the focus leaves. */
  onBlur?: (xml: string) => void;
  /** Ctrl+Enter. */
  onSubmit?: () => void;
  onEscape?: () => void;
  onFiles?: (files: File[]) => void;
  /** Comments know fewer things: no headings, quotes are fine. */
  isComment?: boolean;
  hasTools?: boolean;
  isFocused?: boolean;
  ref?: Ref<EditorHandle>;
}

const { nodes, marks } = schema;

function plugins(isComment: boolean, submit: () => boolean, giveUp: () => boolean): Plugin[] {
  const rules = [
    wrappingInputRule(/^\s*[-*]\s$/, nodes['bullet_list']!),
    wrappingInputRule(/^1[.)]\s$/, nodes['ordered_list']!),
    wrappingInputRule(/^>\s$/, nodes['blockquote']!),
    textblockTypeInputRule(/^```$/, nodes['code_block']!),
  ];
  if (!isComment)
    rules.push(
      textblockTypeInputRule(/^(#{1,2})\s$/, nodes['heading']!, (match) => ({ level: match[1]?.length ?? 1 })),
    );
  return [
    inputRules({ rules }),
    history(),
    keymap({
      'Mod-z': undo,
      'Mod-Shift-z': redo,
      'Mod-y': redo,
      'Mod-b': toggleMark(marks['strong']!),
      'Mod-i': toggleMark(marks['em']!),
      'Mod-u': toggleMark(marks['u']!),
      'Mod-Shift-x': toggleMark(marks['s']!),
      'Mod-e': toggleMark(marks['code']!),
      'Mod-Enter': submit,
      Escape: giveUp,
      Enter: splitListItem(nodes['list_item']!),
      'Shift-Enter': chainCommands(exitCode, splitListItem(nodes['list_item']!)),
      Tab: sinkListItem(nodes['list_item']!),
      'Shift-Tab': liftListItem(nodes['list_item']!),
    }),
    keymap(baseKeymap),
  ];
}

/** The editor of descriptions and comments: ProseMirror over exactly the tags of the API. */
export function Editor(props: EditorProps) {
  const { t } = useLingui();
  const { ws, label, value, placeholder, isComment = false, hasTools = true, isFocused, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  const [isEmpty, setEmpty] = useState(isBlank(value));
  const [query, setQuery] = useState<MentionQuery | null>(null);
  const mentionKeys = useRef<((event: KeyboardEvent) => boolean) | null>(null);
  useEffect(() => {
    latest.current = props;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; later values come only while nobody types
  useEffect(() => {
    if (!host.current) return;
    const submit = () => {
      latest.current.onSubmit?.();
      return !!latest.current.onSubmit;
    };
    const giveUp = () => {
      latest.current.onEscape?.();
      return !!latest.current.onEscape;
    };
    const editor = new EditorView(host.current, {
      state: EditorState.create({ doc: readXml(value), plugins: plugins(isComment, submit, giveUp) }),
      attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': label, class: styles['prose'] ?? '' },
      handleKeyDown: (_, event) => mentionKeys.current?.(event) ?? false,
      handleDOMEvents: {
        blur: () => {
          latest.current.onBlur?.(writeXml(editor.state.doc));
          setTimeout(() => setQuery(null), 150);
          return false;
        },
        keydown: (_, event) => {
          // Keys of the application do not act in here; Escape and Ctrl+K do.
          if (!(event.ctrlKey || event.metaKey) && event.key !== 'Escape') event.stopPropagation();
          return false;
        },
      },
      handlePaste: (_, event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0 || !latest.current.onFiles) return false;
        latest.current.onFiles(files);
        return true;
      },
      dispatchTransaction(transaction) {
        const state = editor.state.apply(transaction);
        editor.updateState(state);
        setQuery(mentionAt(editor));
        if (!transaction.docChanged) return;
        const xml = writeXml(state.doc);
        setEmpty(isBlank(xml));
        latest.current.onChange?.(xml);
      },
    });
    view.current = editor;
    if (isFocused) editor.focus();
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, []);

  // What another person saved is shown unless somebody is typing here.
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.hasFocus() || writeXml(editor.state.doc) === value) return;
    const doc = readXml(value);
    editor.dispatch(
      editor.state.tr.replaceWith(0, editor.state.doc.content.size, doc.content).setMeta('addToHistory', false),
    );
  }, [value]);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    xml: () => (view.current ? writeXml(view.current.state.doc) : value),
    clear: () => {
      const editor = view.current;
      if (editor) editor.updateState(EditorState.create({ doc: readXml(''), plugins: editor.state.plugins }));
      setEmpty(true);
    },
    insert: (text) => {
      const editor = view.current;
      if (!editor) return;
      editor.dispatch(editor.state.tr.insertText(text));
      editor.focus();
    },
  }));

  const run = (command: Command) => () => {
    const editor = view.current;
    if (!editor) return;
    command(editor.state, editor.dispatch);
    editor.focus();
  };
  const link = () => {
    const href = window.prompt(t`Address of the link`, 'https://');
    if (href && /^(https?|mailto):/i.test(href)) run(toggleMark(marks['link']!, { href }))();
  };
  const tool = (name: string, icon: React.ReactNode, action: () => void, keys?: string) => (
    <IconButton
      size="sm"
      label={name}
      keys={keys}
      icon={icon}
      tabIndex={-1}
      onMouseDown={(event) => event.preventDefault()}
      onClick={action}
    />
  );
  return (
    <div>
      <div className={styles['editor']}>
        <div ref={host} />
        {isEmpty && placeholder && <div className={styles['placeholder']}>{placeholder}</div>}
      </div>
      {query && view.current && (
        <Mentions ws={ws} query={query} view={view.current} keys={mentionKeys} onClose={() => setQuery(null)} />
      )}
      {hasTools && (
        <div className={styles['tools']} role="toolbar" aria-label={t`Formatting`}>
          {tool(t`Bold`, <Bold />, run(toggleMark(marks['strong']!)), 'Mod+B')}
          {tool(t`Italic`, <Italic />, run(toggleMark(marks['em']!)), 'Mod+I')}
          {tool(t`Underline`, <Underline />, run(toggleMark(marks['u']!)), 'Mod+U')}
          {tool(t`Strikethrough`, <Strikethrough />, run(toggleMark(marks['s']!)))}
          {tool(t`Code`, <Code />, run(toggleMark(marks['code']!)), 'Mod+E')}
          {tool(t`Link`, <Link2 />, link)}
          {tool(t`Bulleted list`, <List />, run(wrapInList(nodes['bullet_list']!)))}
          {tool(t`Numbered list`, <ListOrdered />, run(wrapInList(nodes['ordered_list']!)))}
          {tool(t`Quote`, <Quote />, run(wrapIn(nodes['blockquote']!)))}
          {!isComment && tool(t`Heading`, <Heading1 />, run(setBlockType(nodes['heading']!, { level: 1 })))}
        </div>
      )}
    </div>
  );
}
