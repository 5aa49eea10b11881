import { randomToken } from '~/lib/id.ts';
import { Observable } from '~/lib/observable.ts';
import type { paths } from './schema.gen.d.ts';

/** The base of the Asana-compatible operations, and that of our own. */
export const API = '/api/1.0';
export const EXTENSION = '/api/vinyasa/1';

/** What the server said when it refused; `status` 0 means that it was not reached. */
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string,
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Not found or no access: never said which. */
  get isMissing(): boolean {
    return this.status === 403 || this.status === 404;
  }
}

export type Query = Record<string, string | number | boolean | undefined | null>;

export interface RequestOptions {
  query?: Query | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Makes a retry of this write safe. */
  idempotencyKey?: string | undefined;
  /** Names the request, so that the stream's echo of it is recognised. */
  requestId?: string | undefined;
}

export interface Page<T> {
  data: T[];
  next_page: { offset: string } | null;
}

/** Sent with every write; known after the session was read. */
let csrfToken = '';

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Told once when an operation says that nobody is signed in. */
export const unauthorized = new Observable(0);

/** How often a read is repeated when the server asks to wait. */
const RETRIES = 3;

function address(path: string, query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  const text = search.toString();
  const full = path.startsWith('/api/') ? path : API + path;
  return text ? `${full}?${text}` : full;
}

function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

async function failure(response: Response, requestId: string): Promise<ApiError> {
  let message = response.statusText || `HTTP ${response.status}`;
  try {
    const body = (await response.json()) as { errors?: { message?: string }[] };
    message = body.errors?.map((error) => error.message).join(' ') || message;
  } catch {
    // Not JSON: a proxy answered.
  }
  const after = Number(response.headers.get('Retry-After'));
  return new ApiError(response.status, message, response.headers.get('X-Request-Id') ?? requestId, after || undefined);
}

/** One request. Reads wait and repeat when the server asks for it; writes are repeated by the queue of mutations. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const requestId = options.requestId ?? randomToken();
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Request-Id': requestId };
  let body: BodyInit | null = null;
  if (options.body instanceof FormData) body = options.body;
  else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify({ data: options.body });
  }
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  for (let attempt = 0; ; attempt += 1) {
    let response: Response;
    try {
      response = await fetch(address(path, options.query), {
        method,
        headers,
        body,
        credentials: 'same-origin',
        // What is sent while the page is being left arrives.
        keepalive: method === 'DELETE',
        signal: options.signal ?? null,
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ApiError(0, 'The server was not reached.', requestId);
    }
    if (response.ok) {
      const text = await response.text();
      return (text ? JSON.parse(text) : {}) as T;
    }
    const error = await failure(response, requestId);
    if (error.status === 401) unauthorized.set(unauthorized.get() + 1);
    const mayRepeat = method === 'GET' && (error.status === 429 || error.status === 503) && attempt < RETRIES;
    if (!mayRepeat) throw error;
    await wait(Math.min(error.retryAfter ?? 2 ** attempt, 30), options.signal);
  }
}

type Methods = 'get' | 'post' | 'put' | 'delete';
type PathsWith<M extends Methods> = {
  [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Methods> = paths[P][M];
type PathOf<O> = O extends { parameters: { path: infer A } } ? A : undefined;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined;
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': { data?: infer B } } } }
  ? B
  : O extends { requestBody?: { content: { 'application/json': { data?: infer B } } } }
    ? B
    : undefined;
type Ok<O> = O extends { responses: infer R } ? R[keyof R & (200 | 201)] : never;
type AnswerOf<O> = Ok<O> extends { content: { 'application/json': infer A } } ? A : never;
type DataOf<O> = AnswerOf<O> extends { data: infer D } ? D : never;

type Arguments<O> = {
  query?: QueryOf<O>;
  signal?: AbortSignal | undefined;
  idempotencyKey?: string | undefined;
  requestId?: string | undefined;
} & (PathOf<O> extends undefined ? object : { path: PathOf<O> }) &
  (BodyOf<O> extends undefined ? object : { body?: BodyOf<O> });

function fill(path: string, values: Record<string, string> | undefined): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values?.[name] ?? ''));
}

function call(method: string, path: string, given: object | undefined): Promise<{ data: unknown }> {
  const { path: values, ...options } = (given ?? {}) as { path?: Record<string, string> } & RequestOptions;
  return request(method, fill(path, values), options);
}

/** The documented operations with the types of openapi.json: `api.get('/tasks/{task_gid}', { path: { task_gid } })`. */
export const api = {
  get: async <P extends PathsWith<'get'>>(path: P, options?: Arguments<Operation<P, 'get'>>) =>
    (await call('GET', path, options)).data as DataOf<Operation<P, 'get'>>,
  page: <P extends PathsWith<'get'>>(path: P, options?: Arguments<Operation<P, 'get'>>) =>
    call('GET', path, options) as unknown as Promise<AnswerOf<Operation<P, 'get'>>>,
  post: async <P extends PathsWith<'post'>>(path: P, options?: Arguments<Operation<P, 'post'>>) =>
    (await call('POST', path, options)).data as DataOf<Operation<P, 'post'>>,
  put: async <P extends PathsWith<'put'>>(path: P, options?: Arguments<Operation<P, 'put'>>) =>
    (await call('PUT', path, options)).data as DataOf<Operation<P, 'put'>>,
  delete: async <P extends PathsWith<'delete'>>(path: P, options?: Arguments<Operation<P, 'delete'>>) =>
    (await call('DELETE', path, options)).data as DataOf<Operation<P, 'delete'>>,
};

async function data<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
  return (await request<{ data: T }>(method, EXTENSION + path, options)).data;
}

/** The extension operations, with the types the caller names. */
export const extension = {
  get: <T>(path: string, options?: RequestOptions) => data<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    data<T>('POST', path, { ...options, body: body ?? {} }),
  put: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    data<T>('PUT', path, { ...options, body: body ?? {} }),
  delete: <T>(path: string, options?: RequestOptions) => data<T>('DELETE', path, options),
};
