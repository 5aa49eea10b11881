/** The fields that lists show. */
export const TASK_FIELDS =
  'name,completed,completed_at,assignee.name,assignee.photo,due_on,due_at,start_on,start_at,resource_subtype,approval_status,num_subtasks,num_likes,liked,' +
  'memberships.project.name,memberships.project.color,memberships.section.name,tags.name,tags.color,parent.name,created_at,modified_at,' +
  'custom_fields.name,custom_fields.type,custom_fields.display_value,custom_fields.enum_value.name,custom_fields.enum_value.color,' +
  'custom_fields.multi_enum_values.name,custom_fields.multi_enum_values.color,custom_fields.number_value,custom_fields.text_value,' +
  'custom_fields.date_value,custom_fields.people_value.name';
