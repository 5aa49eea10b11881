import type { components } from '~/api/schema.gen.d.ts';

/** The API's own types, by the API's own words. Records are partial: a field that nobody asked for is absent. */
export type Schemas = components['schemas'];

export type Task = Schemas['Task'];
export type Project = Schemas['Project'];
export type Section = Schemas['Section'];
export type User = Schemas['User'];
export type Story = Schemas['Story'];
export type Attachment = Schemas['Attachment'];
export type Tag = Schemas['Tag'];
export type Team = Schemas['Team'];
export type Workspace = Schemas['Workspace'];
export type CustomField = Schemas['CustomField'];
export type CustomFieldSetting = Schemas['CustomFieldSetting'];
export type FieldValue = Schemas['FieldValue'];
export type EnumOption = Schemas['EnumOption'];

/** An ordered list of gids, kept like a record so that moves are optimistic too. */
export interface Order {
  readonly gid: string;
  items: readonly string[];
}

/** Every kind of record the store holds. A feature with a new kind adds it here. */
export interface Records {
  task: Task;
  project: Project;
  section: Section;
  user: User;
  story: Story;
  attachment: Attachment;
  tag: Tag;
  team: Team;
  workspace: Workspace;
  custom_field: CustomField;
  custom_field_setting: CustomFieldSetting;
  order: Order;
}

export type RecordType = keyof Records;

/** A field that the record has only for whom it concerns. */
export type Entity = { readonly gid: string; readonly resource_type?: string } & Record<string, unknown>;
