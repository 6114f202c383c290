export type RefusalType =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'UnrecognizedClientException';

/** Why a signature is not accepted. Always a 403; the message is for the caller, and repeats no secret and no signature. */
export interface Refusal {
  readonly ok: false;
  readonly type: RefusalType;
  readonly message: string;
}

export const refusal = (type: RefusalType, message: string): Refusal => ({ ok: false, type, message });
