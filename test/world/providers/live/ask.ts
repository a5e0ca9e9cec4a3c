// Requests to a provider over HTTPS, as its administrators and clients make them.
import { Agent, fetch, type Response } from 'undici';
import * as z from 'zod/mini';

export interface Asker extends AsyncDisposable {
  /** Throws unless the answer is a success. @param form sent as application/x-www-form-urlencoded; `json` as JSON. */
  readonly ask: (url: string, request?: AskRequest) => Promise<Answer>;
}

export interface AskRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Answers that are a success besides 2xx. */
  readonly also?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly text: string;
  /** The member of the JSON object that was answered. Throws when it is no text. */
  readonly member: (name: string) => string;
}

/** @param certificateAuthority whom to trust, PEM. */
export function createAsker(certificateAuthority: string): Asker {
  const dispatcher = new Agent({ connect: { ca: certificateAuthority } });
  return {
    ask: async (url, { method, headers = {}, form, json, also = [] } = {}) => {
      const body =
        form === undefined
          ? json === undefined
            ? null
            : JSON.stringify(json)
          : new URLSearchParams(form).toString();
      const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
      const response = await fetch(url, {
        dispatcher,
        method: method ?? (body === null ? 'GET' : 'POST'),
        headers: { ...(body === null ? {} : { 'content-type': type }), ...headers },
        body,
        redirect: 'manual',
      });
      const text = await response.text();
      if (!response.ok && !also.includes(response.status)) {
        throw new Error(`${url} answered ${response.status} ${text.slice(0, 2000)}`);
      }
      return {
        status: response.status,
        headers: response.headers,
        text,
        member: (name) =>
          z.string().parse(z.record(z.string(), z.unknown()).parse(JSON.parse(text))[name]),
      };
    },
    [Symbol.asyncDispose]: async () => dispatcher.destroy(),
  };
}
