// The targets in TypeScript, by their names.
import type { FuzzTarget } from './fuzz-target.ts';
import { cacheRecord } from './targets/cache-record.ts';
import { claims } from './targets/claims.ts';
import { discovery } from './targets/discovery.ts';
import { httpResponse } from './targets/http-response.ts';
import { issuersYAML } from './targets/issuers-yaml.ts';
import { keySet } from './targets/key-set.ts';
import { publicKeys } from './targets/public-keys.ts';
import { reply } from './targets/reply.ts';
import { request } from './targets/request.ts';
import { token } from './targets/token.ts';

export const TYPESCRIPT_TARGETS: readonly FuzzTarget[] = [
  request,
  token,
  claims,
  keySet,
  publicKeys,
  discovery,
  httpResponse,
  cacheRecord,
  issuersYAML,
  reply,
];
