const FORM = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** `YYYYMMDDTHHMMSSZ`, to Unix milliseconds; undefined where it is none, or no time of any day. */
export const parseAmzDate = (text: string): number | undefined => {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  return amzDate(at) === text ? at : undefined;
};

/** Unix milliseconds, to `YYYYMMDDTHHMMSSZ`. */
export const amzDate = (at: number): string => `${new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
