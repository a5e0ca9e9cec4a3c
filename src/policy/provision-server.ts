// In which server roles are provisioned: the one that an entry names, or the first of issuers.yaml.
import type { ProvisionPart } from '../config/schema/schema.ts';
import type { Policy } from './policy.ts';

/** @returns its name; undefined where the entry names none, and there is none. */
export function provisionServerOf(
  { server }: Pick<ProvisionPart, 'server'>,
  servers: Policy['servers'],
): string | undefined {
  return server ?? servers[0]?.name;
}

/** The servers in which entries provision roles, in their order. */
export function provisionServersOf({
  issuers,
  servers,
}: Pick<Policy, 'issuers' | 'servers'>): Policy['servers'] {
  const names = new Set(
    issuers.flatMap(({ entry: { provision } }) =>
      provision === undefined ? [] : [provisionServerOf(provision, servers)],
    ),
  );
  return servers.filter(({ name }) => names.has(name));
}
