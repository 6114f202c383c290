/** Who makes an HTTP call: a user by token, or a machine by key. */
export interface Principal {
  /** The user’s id, or the name of the key. Unique together with `kind`. */
  readonly name: string;
  readonly kind: 'user' | 'key';
  readonly scopes: readonly string[];
}
