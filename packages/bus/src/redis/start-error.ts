import { type RedisAddress, RedisSettingError, shownAddress } from './address.js';

const isTlsFailure = (text: string, code: string | undefined): boolean =>
  /wrong version number|EPROTO|packet length|timeout/iu.test(text) || code === 'ECONNRESET';

/** What is wrong at the start, in one line that names the setting to mend. */
export const startError = (address: RedisAddress, error: unknown): RedisSettingError => {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;
  const { code } = error as { code?: string };
  const where = shownAddress(address);
  const say = (setting: string, message: string) => new RedisSettingError(setting, message, error);
  const isUrl = address.setting === 'AIDEALS_REDIS_URL';
  const password = isUrl ? 'AIDEALS_REDIS_URL' : 'REDIS_PASSWORD';
  const ssl = isUrl ? 'AIDEALS_REDIS_URL' : 'REDIS_SSL';
  if (/NOAUTH/u.test(text)) return say(password, `${where} wants a password`);
  if (/WRONGPASS|invalid (username-)?password|without any password/iu.test(text)) {
    return say(password, `${where} refuses the user or the password`);
  }
  if (/NOPERM/u.test(text)) return say(password, `the user may not do what is needed at ${where}: ${text}`);
  if (/unknown (redis )?command/iu.test(text)) {
    return say(address.setting, `${where} is too old: Redis 6.2 is needed, and 7.0 for a cluster (${text})`);
  }
  if (address.tls && isTlsFailure(text, code)) return say(ssl, `${where} does not answer in TLS`);
  if (/certificate|self.signed|altname/iu.test(text)) {
    return say(ssl, `the certificate of ${where} is not trusted: ${text}; NODE_EXTRA_CA_CERTS may name its authority`);
  }
  if (!address.tls && (code === 'ECONNRESET' || /Socket closed unexpectedly/u.test(text))) {
    return say(ssl, `${where} ends the connection at once; it may want TLS`);
  }
  return say(address.setting, `${where} cannot be reached: ${code ?? text}`);
};
