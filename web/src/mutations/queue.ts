import { ApiError } from '~/api/client.ts';
import { type Gid, randomToken } from '~/lib/id.ts';
import { Observable } from '~/lib/observable.ts';
import type { EntityStore, Overlay } from '~/store/entity-store.ts';
import { ingest } from '~/store/ingest.ts';

/** What a request of a mutation needs to know. */
export interface Sending {
  /** The real gid of something that may have been created just before. */
  id: (gid: Gid) => Gid;
  /** The same at every attempt, so that the server applies a write once. */
  idempotencyKey: string;
  requestId: string;
}

/** One intention of a person: what it looks like at once, how it is sent, how it is taken back. */
export interface Mutation {
  /** Said in the toast: "Task completed". */
  label: string;
  /** Writes to the same record are sent one after the other. */
  gids: readonly Gid[];
  optimistic: (store: EntityStore) => readonly Overlay[];
  request: (sending: Sending) => Promise<unknown>;
  /** How it is undone. Made before the change, so that it knows what was there. */
  inverse?: () => Mutation;
  /** A waiting write with the same key is replaced by the later one: only the last of five values is sent. */
  merges?: string;
  /** Whether a repetition needs a server that remembers the key: creations and moves. */
  isOnce?: boolean;
  /** Milliseconds before it is sent, in which it can be called off: what the server cannot take back. */
  hold?: number;
  /** Calls off a held mutation instead of sending anything. */
  cancels?: Mutation;
  /** Told the answer before the overlays are confirmed; a creation renames here. */
  done?: (data: unknown, store: EntityStore) => void;
  /** The overlay takes the answer instead of its own patch. */
  failed?: (error: ApiError) => void;
}

interface Job {
  mutation: Mutation;
  overlays: readonly Overlay[];
  key: string;
  settle: { resolve: (data: unknown) => void; reject: (error: unknown) => void }[];
  state: 'held' | 'waiting' | 'sending';
}

/** Delays between attempts in milliseconds; the last is repeated as long as the server is not reached. */
const BACKOFF = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/** How often a write is repeated when the server answers with an error of its own. */
const SERVER_ERRORS = 4;

/** Sends mutations: in order for each record, at once across records, repeated until the server has answered. */
export class MutationQueue {
  private jobs: Job[] = [];
  private wakers = new Set<() => void>();
  /** How many changes are not confirmed. */
  readonly pending = new Observable(0);
  /** Requests of our own that are on their way, so that the stream's echo is known. */
  readonly own = new Set<string>();

  constructor(
    private store: EntityStore,
    private onError: (mutation: Mutation, error: ApiError) => void,
    private sleep: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  /** Shows the change and sends it when its turn comes. The promise ends when the server has answered. */
  run(mutation: Mutation): Promise<unknown> {
    if (mutation.cancels) return this.cancel(mutation.cancels);
    const overlays = this.store.batch(() => mutation.optimistic(this.store));
    const result = new Promise<unknown>((resolve, reject) => {
      const replaced = mutation.merges
        ? this.jobs.findLast((job) => job.state === 'waiting' && job.mutation.merges === mutation.merges)
        : undefined;
      if (replaced) {
        const before = replaced.overlays;
        replaced.mutation = mutation;
        replaced.overlays = overlays;
        replaced.settle.push({ resolve, reject });
        this.store.batch(() => {
          for (const overlay of before) overlay.rollback();
        });
      } else {
        const job: Job = {
          mutation,
          overlays,
          key: randomToken(),
          settle: [{ resolve, reject }],
          state: mutation.hold ? 'held' : 'waiting',
        };
        this.jobs.push(job);
        if (mutation.hold) void this.sleep(mutation.hold).then(() => this.release(job));
      }
      this.pending.set(this.jobs.length);
      this.start();
    });
    result.catch(() => undefined);
    return result;
  }

  /** Sends at once what was held: the page is being left. */
  releaseAll(): void {
    for (const job of this.jobs) this.release(job);
  }

  private release(job: Job): void {
    if (job.state !== 'held') return;
    job.state = 'waiting';
    this.start();
  }

  private cancel(mutation: Mutation): Promise<unknown> {
    const job = this.jobs.find((other) => other.mutation === mutation && other.state === 'held');
    if (!job) return Promise.resolve(null);
    this.finish(job);
    this.store.batch(() => {
      for (const overlay of job.overlays) overlay.rollback();
    });
    for (const { resolve } of job.settle) resolve(null);
    this.start();
    return Promise.resolve(null);
  }

  /** Tries again now what waits for the network. */
  wake(): void {
    for (const waker of [...this.wakers]) waker();
  }

  private start(): void {
    const busy = new Set<Gid>();
    for (const job of this.jobs) {
      const lanes = job.mutation.gids.map((gid) => this.store.resolve(gid));
      const isFree = lanes.every((gid) => !busy.has(gid));
      for (const gid of lanes) busy.add(gid);
      if (isFree && job.state === 'waiting') {
        job.state = 'sending';
        void this.send(job);
      }
    }
  }

  private async send(job: Job): Promise<void> {
    const { mutation } = job;
    for (let attempt = 0; ; attempt += 1) {
      const requestId = randomToken();
      this.own.add(requestId);
      try {
        const data = await mutation.request({
          id: (gid) => this.store.resolve(gid),
          idempotencyKey: job.key,
          requestId,
        });
        this.finish(job);
        this.store.batch(() => {
          mutation.done?.(data, this.store);
          for (const overlay of job.overlays) overlay.commit();
          ingest(this.store, data, this.store.now());
        });
        for (const { resolve } of job.settle) resolve(data);
        break;
      } catch (error) {
        const refusal = error instanceof ApiError ? error : new ApiError(0, String(error), requestId);
        const isReached = refusal.status !== 0 && refusal.status !== 429;
        if (!(error instanceof ApiError) || !refusal.isTemporary || (isReached && attempt >= SERVER_ERRORS)) {
          this.finish(job);
          this.store.batch(() => {
            for (const overlay of job.overlays) overlay.rollback();
          });
          mutation.failed?.(refusal);
          this.onError(mutation, refusal);
          for (const { reject } of job.settle) reject(refusal);
          break;
        }
        const delay = refusal.retryAfter
          ? refusal.retryAfter * 1000
          : (BACKOFF[Math.min(attempt, BACKOFF.length - 1)] ?? 0);
        await this.rest(delay);
      } finally {
        // The echo may come after the answer.
        setTimeout(() => this.own.delete(requestId), 10_000);
      }
    }
    this.start();
  }

  private finish(job: Job): void {
    this.jobs = this.jobs.filter((other) => other !== job);
    this.pending.set(this.jobs.length);
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.wakers.delete(wake);
        resolve();
      };
      this.wakers.add(wake);
      void this.sleep(ms).then(wake);
    });
  }
}
