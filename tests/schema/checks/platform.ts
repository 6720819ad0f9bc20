import { checksOf, second } from './case.ts';

export const platformChecks = [
  ...checksOf('platform.notifications', {
    title_length: { title: '' },
    data_object: { data: [] },
    read_after_created: [{ createdAt: second(1), readAt: second(1) }, { readAt: second(0) }],
  }),
  ...checksOf('platform.events', {
    type_form: { type: 'happened' },
    source_length: { source: '' },
    data_object: { data: [] },
    attempts_not_negative: { attempts: -1 },
    processed_has_time: { status: 'COMPLETED' },
    processed_after_created: [
      { status: 'FAILED', createdAt: second(1), processedAt: second(1) },
      { processedAt: second(0) },
    ],
  }),
  ...checksOf('platform.safety_incidents', {
    latitude_range: [{ latitude: -90 }, { latitude: -90.1 }],
    longitude_range: [{ longitude: 180 }, { longitude: 180.1 }],
    description_length: { description: '' },
    resolved_has_time: { status: 'RESOLVED' },
    resolved_after_created: [
      { status: 'CLOSED', createdAt: second(1), resolvedAt: second(1) },
      { resolvedAt: second(0) },
    ],
  }),
  ...checksOf('platform.audit_log', {
    action_form: { action: 'User created' },
    data_object: { data: [] },
  }),
];
