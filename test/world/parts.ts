// The parts that there are.
import { clients } from './clients/part.ts';
import { jose } from './jose/part.ts';
import { kubernetes } from './kubernetes/part.ts';
import { oauth } from './oauth/part.ts';
import { oauthDrivers } from './oauth-drivers/part.ts';
import type { Part } from './part.ts';
import { poolers } from './poolers/part.ts';
import { pools } from './pools/part.ts';
import { providers } from './providers/part.ts';
import { servers } from './servers/part.ts';

export const PARTS: readonly Part[] = [
  kubernetes,
  jose,
  providers,
  clients,
  poolers,
  pools,
  servers,
  oauthDrivers,
  oauth,
];
