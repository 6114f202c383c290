/** Redis cannot be reached now; what was asked may or may not have been done. */
export class RedisAway extends Error {
  constructor(message = 'Redis is out of reach', cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'RedisAway';
  }
}

/** Rejects with `RedisAway` where a promise takes too long. */
export const within = async <T>(millis: number, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisAway(`Redis did not answer within ${millis} ms`)), millis);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
