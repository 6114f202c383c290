/** What joins the parts of one word: hyphens and dashes, the soft hyphen, the minus sign. */
const HYPHENS = '[\\p{Pd}\\u00ad\\u2212]+';
const WORD = '[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}]*';
const COMPOUND = new RegExp(`${WORD}(?:${HYPHENS}${WORD})*`, 'gu');
const PARTING = new RegExp(HYPHENS, 'u');

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant, with its control characters.
const ASCII = /^[\x00-\x7f]*$/;
const ASCII_COMPOUND = /[a-z0-9]+(?:-+[a-z0-9]+)*/g;

/** One form for what differs only in case, width or composition. */
const folded = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');

const compounds = (text: string): readonly string[] =>
  (ASCII.test(text) ? text.toLowerCase().match(ASCII_COMPOUND) : folded(text).match(COMPOUND)) ?? [];

const partsOf = (compound: string): readonly string[] => compound.split(PARTING);

/** Adds the words by which a text is found: each word, and those that hyphens join also as one. */
export const addWords = (text: string, to: Set<string>): void => {
  for (const compound of compounds(text)) {
    const parts = partsOf(compound);
    for (const part of parts) to.add(part);
    if (parts.length > 1) to.add(parts.join(''));
  }
};

/** The words that a keyword finds: those of a text, and all of them written as one. */
export const soughtWords = (keywords: readonly string[]): Set<string> => {
  const sought = new Set<string>();
  for (const keyword of keywords) {
    addWords(keyword, sought);
    const whole = compounds(keyword).flatMap(partsOf).join('');
    if (whole !== '') sought.add(whole);
  }
  return sought;
};
