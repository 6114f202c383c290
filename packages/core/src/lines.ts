import { type CallBody, calls, WireError } from '@aideals/protocol';
import type { Principal } from './auth/principal.js';
import { authenticate, authorise, type CallSettings, check, faultOf, idempotencyOf, pay, refused } from './call.js';
import { eventOf, refuseReserved } from './calls/broadcast.js';
import { fitsMessage } from './delivery/frames.js';
import type { CallResponse, Credentials, Line, LineIntake, LinesOpening, RawLines } from './engine-api.js';
import { type PublishResult, publish } from './features/publishing.js';
import { storing } from './storing.js';
import { parseJson } from './text.js';

type Item = CallBody<'broadcast'>[number];

/** Wrong lines that an answer names. */
const MOST_ERRORS = 100;

const contract = calls.broadcast;

interface Good {
  readonly line: Line;
  readonly item: Item;
}

/** The event of a line; throws where it is none. */
const itemOf = (cx: CallSettings, line: Line): Item => {
  if ('problem' in line) throw WireError.field('', line.problem);
  const { value, wrong } = check(contract.body, parseJson(line.text, cx.settings.limits.nesting), []);
  if (wrong.length > 0) throw WireError.fields(wrong);
  const item = value as Item;
  refuseReserved(item, '');
  const { messageBytes } = cx.settings.limits;
  if (!fitsMessage(item.data, messageBytes, item.filters)) {
    throw WireError.field('data', `makes a message over ${messageBytes} bytes; send less`, 413);
  }
  return item;
};

/** Publishes lines as they come, in their order, and counts. */
class Intake implements LineIntake {
  readonly #context: () => CallSettings;
  readonly #principal: Principal;
  readonly #raw: RawLines;
  readonly #keepsGoing: boolean;
  readonly #errors: { line: number; message: string }[] = [];
  #ids: { readonly first: string; readonly last: string } | undefined;
  #lists = 0;
  #published = 0;
  #delivered = 0;
  #total = 0;
  #failed = 0;

  constructor(context: () => CallSettings, principal: Principal, raw: RawLines, keepsGoing: boolean) {
    this.#context = context;
    this.#principal = principal;
    this.#raw = raw;
    this.#keepsGoing = keepsGoing;
  }

  async take(lines: readonly Line[]): Promise<CallResponse | undefined> {
    const cx = this.#context();
    let line = lines[0]?.number ?? 0;
    try {
      await pay(cx, this.#principal, contract);
      const good: Good[] = [];
      let wrong: { readonly line: number; readonly error: WireError } | undefined;
      for (const each of lines) {
        const error = this.#read(cx, each, good);
        if (error === undefined) continue;
        if (!this.#keepsGoing) {
          wrong = { line: each.number, error };
          break;
        }
        this.#leaveOut(each.number, error);
      }
      line = good[0]?.line.number ?? line;
      await this.#publish(cx, good);
      return wrong && this.#stopped(cx, wrong.line, wrong.error);
    } catch (error) {
      return this.#stopped(cx, line, faultOf(cx, this.#raw.call, error));
    }
  }

  end(): CallResponse {
    const cx = this.#context();
    if (this.#published === 0 && this.#failed === 0) {
      return refused(WireError.field('', 'at least one line is required, each a JSON object'), cx.now);
    }
    const { first, last } = this.#ids ?? {};
    const counts = { published: this.#published, delivered: this.#delivered, total: this.#total };
    const ids = first === undefined ? {} : { firstId: first, lastId: last };
    return { status: 200, body: JSON.stringify({ ...counts, ...ids, failed: this.#failed, errors: this.#errors }) };
  }

  #read(cx: CallSettings, line: Line, good: Good[]): WireError | undefined {
    try {
      good.push({ line, item: itemOf(cx, line) });
      return undefined;
    } catch (error) {
      if (error instanceof WireError) return error;
      throw error;
    }
  }

  #leaveOut(line: number, error: WireError): void {
    this.#failed += 1;
    if (this.#errors.length < MOST_ERRORS) this.#errors.push({ line, message: error.message });
  }

  async #publish(cx: CallSettings, good: readonly Good[]): Promise<void> {
    this.#lists += 1;
    if (good.length === 0) return;
    const events = good.map(({ item }) => eventOf(item, cx.now));
    const given = this.#raw.idempotencyKey;
    const body = given === undefined ? undefined : good.map(({ line }) => ('text' in line ? line.text : '')).join('\n');
    const keyed = { idempotencyKey: given, body };
    const once = idempotencyOf(cx, this.#principal, contract, keyed, `line list ${this.#lists}`);
    const work = (): Promise<PublishResult> => publish(cx, events, once);
    const { published } = await storing(cx, 'INTERNAL_ERROR', work, 503);
    for (const { id, sent, queued, gone } of published) {
      this.#ids = { first: this.#ids?.first ?? id, last: id };
      this.#published += 1;
      this.#delivered += sent;
      this.#total += sent + queued + gone;
    }
  }

  /** The answer that ends the stream: which line was not taken, and what was published before it. */
  #stopped(cx: CallSettings, line: number, error: WireError): CallResponse {
    const done = { line, published: this.#published, delivered: this.#delivered, total: this.#total };
    const { details = {} } = error;
    return refused(
      new WireError(error.code, `line ${line}: ${error.message}`, { ...details, ...done }, error.status),
      cx.now,
    );
  }
}

/** Looks at who sends a stream of lines before it is read. */
export const openLines = async (
  context: () => CallSettings,
  credentials: Credentials,
  raw: RawLines,
): Promise<LinesOpening> => {
  const cx = context();
  try {
    const principal = await authenticate(cx, credentials);
    authorise(principal, contract);
    const { value, wrong } = check(contract.query, raw.query, ['query']);
    if (wrong.length > 0) throw WireError.fields(wrong);
    idempotencyOf(cx, principal, contract, { idempotencyKey: raw.idempotencyKey, body: undefined });
    const { keepGoing } = value as { keepGoing: string };
    return { ok: true, intake: new Intake(context, principal, raw, keepGoing === 'true') };
  } catch (error) {
    return { ok: false, response: refused(faultOf(cx, raw.call, error), cx.now) };
  }
};
