const encoder = new TextEncoder();

const UNRESERVED = /[A-Za-z0-9\-._~]/;

const byteForm = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Percent-encodes every byte of UTF-8 but the unreserved characters of RFC 3986, as Signature Version 4 asks. */
export const percentEncode = (text: string): string => {
  let encoded = '';
  for (const character of text) {
    encoded += UNRESERVED.test(character) ? character : Array.from(encoder.encode(character), byteForm).join('');
  }
  return encoded;
};

/** Decodes once; undefined where the text is not percent-encoded UTF-8. */
export const percentDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
