import type { ClientState } from '@aideals/client';
import type { FeedView } from '../feed/feed.js';
import css from './header.module.css';

const words = ({ status, retryInMs }: ClientState): string => {
  switch (status) {
    case 'open':
      return 'Live';
    case 'connecting':
      return 'Connecting …';
    case 'waiting':
      return retryInMs !== undefined && retryInMs > 1500
        ? `Reconnecting in ${Math.round(retryInMs / 1000)} s`
        : 'Reconnecting …';
    case 'idle':
      return 'Asleep';
    case 'closed':
      return 'Not connected';
  }
};

interface Props {
  readonly view: FeedView;
  readonly onLeave: () => void;
}

export const Header = ({ view, onLeave }: Props) => (
  <header className={css['header']}>
    <h1 className={css['title']}>Live deals</h1>
    <p className={css['state']} role="status" data-state={view.connection.status}>
      <span className={css['dot']} aria-hidden="true" />
      {words(view.connection)}
    </p>
    <button type="button" className={css['leave']} onClick={onLeave}>
      Forget token
    </button>
  </header>
);
