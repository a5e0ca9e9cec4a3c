import { expect, it } from 'vitest';

import { findPlaceholder } from '../../../src/config/checks/find-placeholder.ts';

it.each([
  ['https://login.microsoftonline.com/{tenantid}/v2.0', '{tenantid}'],
  ['https://login.microsoftonline.com/<tenant-id>/v2.0', '<tenant-id>'],
  ['<your client ID>', '<your client ID>'],
  ['https://${REALM_HOST}/realms/people', '${REALM_HOST}'],
  ['$(AUDIENCE)', '$(AUDIENCE)'],
  ['{{ .Values.issuer }}', '{{ .Values.issuer }}'],
  ['{{issuer}}', '{{issuer}}'],
  ['a{one}{two}', '{one}'],
  ['YOUR_CLIENT_ID', 'YOUR_CLIENT_ID'],
  ['https://YOUR-DOMAIN.example.com', 'YOUR-DOMAIN'],
  ['https://your-tenant.eu.auth0.com/', 'your-tenant'],
  ['your_project_id', 'your_project_id'],
  ['CHANGEME', 'CHANGEME'],
  ['change-me', 'change-me'],
  ['https://sso.example.com/REPLACE_ME', 'REPLACE_ME'],
  ['TODO', 'TODO'],
])('finds it: %s', (text, placeholder) => {
  expect(findPlaceholder(text)).toBe(placeholder);
});

it.each([
  'https://sso.example.com/realms/people',
  String.raw`(?P<name>[a-z]+)(?<other>.*)`,
  String.raw`\p{Greek}\P{Lu}\x{10FFFF}`,
  '[a-z]{3}[a-z]{1,5}.{2,}',
  String.raw`\{tenant\}`,
  'a < b > c',
  '{}',
  '<>',
  'yourcompany',
  'https://your-shop.example.com',
  'exchangemenu',
  'changement',
  'MASTODON',
  'TODOS',
  '<1>',
  '$(',
  String.raw`^repo:(a|b)$`,
  '',
])('takes nothing else for one: %s', (text) => {
  expect(findPlaceholder(text)).toBeUndefined();
});

it('is not slow on what is nearly one', () => {
  expect(findPlaceholder('{a '.repeat(100_000))).toBeUndefined();
  expect(findPlaceholder('<a'.repeat(100_000))).toBeUndefined();
});
