/** The fields that lists show. */
export const TASK_FIELDS =
  'name,completed,completed_at,assignee.name,assignee.photo,due_on,due_at,start_on,start_at,resource_subtype,approval_status,num_subtasks,num_likes,liked,' +
  'memberships.project.name,memberships.project.color,memberships.section.name,tags.name,tags.color,parent.name,created_at,modified_at,' +
  'custom_fields.name,custom_fields.type,custom_fields.display_value,custom_fields.enum_value.name,custom_fields.enum_value.color,' +
  'custom_fields.multi_enum_values.name,custom_fields.multi_enum_values.color,custom_fields.number_value,custom_fields.text_value,' +
  'custom_fields.date_value,custom_fields.people_value.name';

/** The fields that comments and activity show. */
export const STORY_FIELDS =
  'type,resource_subtype,text,html_text,created_by.name,created_by.photo,created_at,num_likes,liked,is_pinned,is_edited,is_editable,sticker_name';

/** The fields that the pane of a task shows beyond those of lists. */
export const TASK_DETAIL_FIELDS =
  `${TASK_FIELDS},html_notes,followers.name,followers.photo,created_by.name,workspace.name,permalink_url,actual_time_minutes,parent.parent.name,parent.completed,` +
  'dependencies.name,dependencies.completed,dependencies.due_on,dependents.name,dependents.completed,dependents.due_on,' +
  'projects.name,projects.color,custom_fields.enum_options.name,custom_fields.enum_options.color,custom_fields.enum_options.enabled,' +
  'custom_fields.precision,custom_fields.format,custom_fields.is_value_read_only,custom_fields.is_formula_field';

export const ATTACHMENT_FIELDS =
  'name,size,host,resource_subtype,download_url,view_url,permanent_url,created_at,parent.name';
