import { type Json, WireError } from '@aideals/protocol';
import { parse } from 'secure-json-parse';

/** Whether a JSON text nests deeper than `max`. Short texts cannot, and cost nothing. */
const nestsDeeper = (text: string, max: number): boolean => {
  if (text.length <= 2 * max) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > max) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
};

/**
 * Parses JSON from a stranger: nesting is bounded, so that nothing later runs out of stack, and the keys by which prototypes
 * are poisoned are refused.
 */
export const parseJson = (text: string, maxNesting: number): Json => {
  if (nestsDeeper(text, maxNesting)) throw WireError.field('', `nested more than ${maxNesting} levels deep`);
  try {
    return parse(text, undefined, { protoAction: 'error', constructorAction: 'error' }) as Json;
  } catch (error) {
    const forbidden = error instanceof SyntaxError && error.message.startsWith('Object contains forbidden');
    throw WireError.field(
      '',
      forbidden ? 'holds a key that is not accepted: __proto__ or constructor.prototype' : 'not JSON',
    );
  }
};
