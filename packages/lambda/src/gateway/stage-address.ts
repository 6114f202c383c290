import type { Table } from '@aideals/core';
import type { EventContext } from '../event.js';

const AT = ['deployment', 'management-url'] as const;

const isLoopback = (domain: string): boolean => /^(localhost|127\.|\[::1\])/u.test(domain);

/** Where the management API of the stage is that sent an event. */
const addressOf = ({ domainName, stage }: EventContext): string | undefined =>
  domainName === undefined || stage === undefined
    ? undefined
    : `${isLoopback(domainName) ? 'http' : 'https'}://${domainName}/${stage}`;

/**
 * Where connections are reached: as it is configured, else as the events of the API tell it. What no API has invoked asks for
 * what a `$connect` has noted.
 */
export class StageAddress {
  readonly #table: Pick<Table, 'get' | 'put'>;
  readonly #configured: string | undefined;
  #told: string | undefined;
  #noted: string | undefined;

  constructor(configured: string | undefined, table: Pick<Table, 'get' | 'put'>) {
    this.#configured = configured;
    this.#table = table;
  }

  get current(): string {
    const address = this.#configured ?? this.#told;
    if (address !== undefined) return address;
    throw new Error(
      'API_GATEWAY_ID: is not set, and no connection has told where the API is; set it, or AWS_REGION too',
    );
  }

  /** Takes the address from an event of the API. */
  tell(context: EventContext): void {
    this.#told = addressOf(context) ?? this.#told;
  }

  /** Notes it for functions that no API invokes. */
  async note(): Promise<void> {
    if (this.#configured !== undefined || this.#told === undefined || this.#told === this.#noted) return;
    const address = this.#told;
    if ((await this.#table.get(...AT))?.body['url'] !== address) await this.#table.put(...AT, { url: address });
    this.#noted = address;
  }

  /** Finds it where no event has told it. */
  async find(): Promise<void> {
    if (this.#configured !== undefined || this.#told !== undefined) return;
    const noted = (await this.#table.get(...AT))?.body['url'];
    if (typeof noted === 'string') this.#told = noted;
  }
}
