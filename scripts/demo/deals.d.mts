export interface DemoDeal {
  readonly dealId: string;
  readonly title: string;
  readonly category: string;
  readonly subCategory: string;
  readonly price: number;
  readonly was: number;
  readonly discountPercentage: number;
  readonly currency: string;
}

export function fieldsOf(line: string): string[];
export function readDeals(): DemoDeal[];
export function endlessDeals(random?: () => number): Generator<DemoDeal, never, undefined>;
export function broadcastOf(deal: DemoDeal): object;
