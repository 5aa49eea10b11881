import type { CustomField } from '~/store/records.ts';
import { AssigneeEditor, DatesEditor, type EditorProps, FieldEditor, TagsEditor } from './CellEditor.tsx';
import type { Column } from './columns.tsx';

/** The editor of the cell that is being edited; loaded when the first one opens. */
export function ActiveEditor({
  kind,
  field,
  ...props
}: EditorProps & { kind: NonNullable<Column['editor']>; field: CustomField | undefined }) {
  switch (kind) {
    case 'assignee':
      return <AssigneeEditor {...props} />;
    case 'dates':
      return <DatesEditor {...props} />;
    case 'tags':
      return <TagsEditor {...props} />;
    default:
      return field ? <FieldEditor {...props} field={field} /> : null;
  }
}
