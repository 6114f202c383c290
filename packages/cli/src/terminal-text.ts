// Control characters would let a deal's title move the cursor or change the terminal; the bidirectional ones would let it
// reorder the rest of the line.
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const columnsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);

/** Text of a stranger, made fit for a terminal: what would do something there becomes `�`. */
export const harmless = (text: string): string => text.replaceAll(UNSAFE, '\ufffd');

/** `text` in exactly `columns` columns (at most, where `pad` is none): cut with `…`, or filled with spaces. */
export const fit = (text: string, columns: number, pad: 'start' | 'end' | 'none'): string => {
  let used = 0;
  let kept = '';
  let keptBeforeLast = '';
  let usedBeforeLast = 0;
  for (const { segment } of graphemes.segment(text)) {
    const width = columnsOf(segment);
    if (used + width > columns) {
      if (columns < 1) return '';
      // One column of what was kept makes room for the sign that something is missing.
      const [cut, cutColumns] = used < columns ? [kept, used] : [keptBeforeLast, usedBeforeLast];
      return `${cut}…${pad === 'none' ? '' : ' '.repeat(columns - cutColumns - 1)}`;
    }
    [keptBeforeLast, usedBeforeLast] = [kept, used];
    kept += segment;
    used += width;
  }
  const filling = ' '.repeat(Math.max(0, columns - used));
  return pad === 'start' ? filling + kept : pad === 'end' ? kept + filling : kept;
};
