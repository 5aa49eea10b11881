import { EXTENSION } from '~/api/client.ts';
import { Observable } from '~/lib/observable.ts';
import { type Frame, parseFrame } from './frames.ts';

/** Whether changes of others arrive. `unavailable` is a server without a stream: nothing is said about it. */
export type Connection = 'connecting' | 'open' | 'lost' | 'unavailable';

/** Silence after which the connection is taken for dead; the server pings every 20 s. */
const SILENCE_MS = 45_000;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** Attempts that never opened, after which the server is taken to have no stream. */
const NEVER_OPENED = 3;

/** One WebSocket for the tab, opened again when it is lost, resuming where it was. */
export class ChangeStream {
  readonly connection = new Observable<Connection>('connecting');
  private socket: WebSocket | null = null;
  private topics = new Map<string, number>();
  private seq = 0;
  private attempt = 0;
  private hasOpened = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private waiting: Frame[] = [];
  private isClosed = true;

  constructor(
    private onFrames: (frames: readonly Frame[]) => void,
    private connect: (url: string) => WebSocket = (url) => new WebSocket(url),
    private schedule: (work: () => void) => void = (work) => requestAnimationFrame(work),
  ) {}

  open(): void {
    if (!this.isClosed) return;
    this.isClosed = false;
    this.dial();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.socket?.close();
    this.socket = null;
    this.seq = 0;
  }

  /** Tries to connect now: the network is back. */
  retry(): void {
    if (this.isClosed || this.connection.get() === 'open') return;
    clearTimeout(this.timer);
    this.dial();
  }

  /** Asks for the changes of a topic while somebody shows it. */
  subscribe(topic: string): () => void {
    const count = this.topics.get(topic) ?? 0;
    this.topics.set(topic, count + 1);
    if (count === 0) this.send({ type: 'subscribe', topic, since: this.seq || undefined });
    return () => {
      const left = (this.topics.get(topic) ?? 1) - 1;
      if (left > 0) this.topics.set(topic, left);
      else {
        this.topics.delete(topic);
        this.send({ type: 'unsubscribe', topic });
      }
    };
  }

  /** Asks for all rows of a topic in chunks. False when there is no connection: read them by REST. */
  snapshot(topic: string): boolean {
    return this.send({ type: 'snapshot', topic });
  }

  private send(message: object): boolean {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private dial(): void {
    const { protocol, host } = location;
    this.socket?.close();
    const socket = this.connect(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}${EXTENSION}/stream`);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.hasOpened = true;
      this.connection.set('open');
      for (const topic of this.topics.keys()) this.send({ type: 'subscribe', topic, since: this.seq || undefined });
      this.watch();
    };
    socket.onmessage = (event: MessageEvent) => {
      this.watch();
      const frame = parseFrame(String(event.data));
      if (frame && frame.type !== 'ping') this.take(frame);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  private take(frame: Frame): void {
    if ('seq' in frame && frame.type !== 'snapshot') this.seq = Math.max(this.seq, frame.seq);
    this.waiting.push(frame);
    if (this.waiting.length > 1) return;
    this.schedule(() => {
      const frames = this.waiting;
      this.waiting = [];
      this.onFrames(frames);
    });
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.socket?.close(), SILENCE_MS);
  }

  private lost(): void {
    clearTimeout(this.watchdog);
    this.socket = null;
    if (this.isClosed) return;
    this.attempt += 1;
    const isUnavailable = !this.hasOpened && this.attempt >= NEVER_OPENED;
    this.connection.set(isUnavailable ? 'unavailable' : 'lost');
    const delay = isUnavailable
      ? LONGEST_DELAY_MS * 4
      : Math.min(FIRST_DELAY_MS * 2 ** (this.attempt - 1), LONGEST_DELAY_MS);
    this.timer = setTimeout(() => this.dial(), delay * (0.75 + Math.random() / 2));
  }
}
