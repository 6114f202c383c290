import { useEffect, useState } from 'react';
import { forgetToken, keepToken, takeToken } from './access/token.js';
import { TokenForm } from './access/token-form.js';
import { LivePage } from './live-page.js';

const readToken = (): string | undefined => takeToken(location, history, sessionStorage);

/** The page: a token first, then the deals that it opens. */
export const App = () => {
  const [token, setToken] = useState(readToken);
  const [why, setWhy] = useState<string>();

  useEffect(() => {
    // A new link pasted over the address of an open page does not load it anew.
    const taken = () => setToken(readToken());
    addEventListener('hashchange', taken);
    return () => removeEventListener('hashchange', taken);
  }, []);

  if (token === undefined) {
    const use = (given: string) => {
      keepToken(given, sessionStorage);
      setWhy(undefined);
      setToken(given);
    };
    return <TokenForm why={why} onToken={use} />;
  }
  const leave = (reason?: string) => {
    forgetToken(sessionStorage);
    setWhy(reason);
    setToken(undefined);
  };
  return <LivePage key={token} token={token} onLeave={leave} />;
};
