import type { TokenVerifier } from '@aideals/core';

/** A token of the simulation: who it is of, and when it expires in Unix seconds. */
export const tokenOf = (user: string, exp: number): string => `${user}:${exp}`;

export const verifierOf = (now: () => number): TokenVerifier => ({
  verify: async (token) => {
    const [sub = '', expiry] = token.split(':');
    const exp = Number(expiry);
    if (sub === '' || !Number.isInteger(exp)) return { ok: false, problem: 'bad', reason: 'malformed' };
    if (exp * 1000 <= now()) return { ok: false, problem: 'expired', reason: 'expired' };
    return { ok: true, claims: { sub, exp, scopes: [] } };
  },
});
