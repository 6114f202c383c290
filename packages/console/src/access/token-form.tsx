import { type FormEvent, useState } from 'react';
import { tokenFrom } from './token.js';
import css from './token-form.module.css';

interface Props {
  /** Why a token is asked for again. */
  readonly why: string | undefined;
  readonly onToken: (token: string) => void;
}

/** Asks for a token, and says how to get one. */
export const TokenForm = ({ why, onToken }: Props) => {
  const [typed, setTyped] = useState('');
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = tokenFrom(typed);
    setWrong(token === undefined);
    if (token !== undefined) onToken(token);
  };
  return (
    <main className={css['page']}>
      <form className={css['card']} onSubmit={submit}>
        <h1>Live deals</h1>
        {why === undefined ? null : (
          <p className={css['why']} role="alert">
            {why}
          </p>
        )}
        <p>
          To see deals arrive, this page needs a token. On the machine of the server, in the project’s folder, this
          command prints one:
        </p>
        <pre className={css['command']}>
          <code>npx aideals token --sub you</code>
        </pre>
        <label className={css['label']} htmlFor="token">
          Token, or the link that carries one
        </label>
        <input
          id="token"
          className={css['field']}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          aria-invalid={isWrong}
          aria-describedby="token-note"
          onChange={(event) => setTyped(event.target.value)}
        />
        <p id="token-note" className={css['note']}>
          {isWrong ? 'That is no token: it is one word without spaces.' : 'It stays in this tab, and ends with it.'}
        </p>
        <button type="submit" className={css['submit']}>
          Show the deals
        </button>
      </form>
    </main>
  );
};
