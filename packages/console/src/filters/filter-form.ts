import type { Filters } from '@aideals/client';

/** What the visitor set. */
export interface FilterForm {
  readonly topic: string;
  readonly categories: readonly string[];
  /** In percent; 0 asks for none. */
  readonly minDiscount: number;
  /** As it was typed. */
  readonly maxPrice: string;
  readonly keywords: string;
}

export const ALL_DEALS = 'all-deals';

export const emptyForm: FilterForm = { topic: ALL_DEALS, categories: [], minDiscount: 0, maxPrice: '', keywords: '' };

const MOST_WORDS = 20;
const LONGEST_WORD = 256;
const TOPIC = /^[A-Za-z0-9_.:-]{1,128}$/u;
const WORD = /[\p{L}\p{N}]/u;

export interface FilterProblems {
  readonly topic?: string;
  readonly maxPrice?: string;
  readonly keywords?: string;
}

const wordsOf = (keywords: string): string[] =>
  keywords.split(/[\s,;]+/u).filter((word) => WORD.test(word) && word.length <= LONGEST_WORD);

const priceOf = (typed: string): number => (typed.trim() === '' ? Number.NaN : Number(typed.trim().replace(',', '.')));

/** The topic that a form names: all deals where it names none. */
export const topicOf = (form: FilterForm): string => form.topic.trim() || ALL_DEALS;

/** What is wrong with a form, by field. A wrong price or too many words are left out of what is asked for. */
export const problemsOf = (form: FilterForm): FilterProblems => ({
  ...(TOPIC.test(topicOf(form)) ? {} : { topic: 'Letters, digits and - _ . : only' }),
  ...(form.maxPrice.trim() === '' || priceOf(form.maxPrice) >= 0
    ? {}
    : { maxPrice: 'No number, such as 49.90: any price is shown' }),
  ...(wordsOf(form.keywords).length <= MOST_WORDS ? {} : { keywords: `The first ${MOST_WORDS} words count` }),
});

/** Whether the server can be asked for it: not for what is no name of a topic. */
export const canAsk = (form: FilterForm): boolean => TOPIC.test(topicOf(form));

/** The filters that a form asks for. */
export const filtersOf = (form: FilterForm): Filters => {
  const price = priceOf(form.maxPrice);
  const words = wordsOf(form.keywords).slice(0, MOST_WORDS);
  return {
    ...(form.categories.length === 0 ? {} : { category: [...form.categories] }),
    ...(form.minDiscount > 0 ? { minDiscount: form.minDiscount } : {}),
    ...(price >= 0 && price < Number.POSITIVE_INFINITY ? { maxPrice: price } : {}),
    ...(words.length === 0 ? {} : { keywords: words }),
  };
};
