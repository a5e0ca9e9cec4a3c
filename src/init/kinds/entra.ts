// What people and workloads of Entra ID have in common.
import { UUID_FORM } from '../forms.ts';
import type { ChoiceParameter, ValueParameter } from '../kind.ts';

/** Whose directory it is. */
export const TENANT: ValueParameter = {
  kind: 'value',
  name: 'tenant',
  asks: 'The ID of the tenant',
  form: UUID_FORM,
  replaces: '11111111-1111-1111-1111-111111111111',
};

/** The application that tokens are for. Their audience is its ID, in version 1 behind api://. */
export const REGISTRATION: ValueParameter = {
  kind: 'value',
  name: 'registration',
  asks: 'The client ID of the app registration',
  form: UUID_FORM,
  replaces: '33333333-3333-3333-3333-333333333333',
};

/** @param v1 the name of the entry for tokens of version 1. */
export function tokenVersion(v1: string, v2: string): ChoiceParameter {
  return {
    kind: 'choice',
    name: 'version',
    asks: "The tokens' version (api.requestedAccessTokenVersion of the manifest; null is v1)",
    entries: { v1, v2 },
  };
}

/** Whether an issuer is one of Entra ID. */
export function isEntra({ hostname }: URL): boolean {
  return hostname === 'login.microsoftonline.com' || hostname === 'sts.windows.net';
}
