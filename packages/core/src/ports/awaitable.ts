/** A value now or later. A port that answers at once lets an exchange complete without a promise. */
export type Awaitable<T> = T | Promise<T>;

const isPromise = <T>(value: Awaitable<T>): value is Promise<T> => value instanceof Promise;

/** Goes on with a value: at once where it is there, after it where it is not. */
export const andThen = <T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> =>
  isPromise(value) ? value.then(next) : next(value);
