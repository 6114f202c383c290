import { createClient } from '@aideals/client';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Feed } from './feed/feed.js';
import { canAsk, emptyForm, type FilterForm } from './filters/filter-form.js';
import { FilterPanel } from './filters/filter-panel.js';
import css from './live-page.module.css';
import { DealList } from './parts/deal-list.js';
import { Header } from './parts/header.js';
import { Notice } from './parts/notice.js';
import { endWords } from './words.js';

interface Props {
  readonly token: string;
  /** The visitor goes, or has to: why. */
  readonly onLeave: (reason?: string) => void;
}

/** Changes are asked for when the visitor has come to rest: each costs the server a subscription. */
const REST = 300;

const openFeed = (token: string): Feed => {
  const client = createClient({ url: new URL('ws', document.baseURI), token });
  return new Feed(client, emptyForm, (task) => requestAnimationFrame(task));
};

/** A feed for as long as the page stands. */
const useFeed = (token: string): Feed | undefined => {
  const [feed, setFeed] = useState<Feed>();
  useEffect(() => {
    const opened = openFeed(token);
    setFeed(opened);
    return () => opened.close();
  }, [token]);
  return feed;
};

const Live = ({ feed, onLeave }: { feed: Feed; onLeave: Props['onLeave'] }) => {
  const view = useSyncExternalStore(feed.listen, feed.view);
  const [form, setForm] = useState<FilterForm>(emptyForm);

  useEffect(() => {
    if (form === emptyForm) return undefined;
    const timer = setTimeout(() => feed.apply(form), REST);
    return () => clearTimeout(timer);
  }, [feed, form]);

  const { connection } = view;
  const isSettled = !canAsk(form) || (view.applied && view.form === form);
  const refused = connection.status === 'closed' && connection.error?.code === 'AUTHENTICATION_ERROR';
  const reason = refused ? endWords(connection) : undefined;
  useEffect(() => {
    if (reason !== undefined) onLeave(reason);
  }, [reason, onLeave]);

  return (
    <div className={css['page']}>
      <Header view={view} onLeave={() => onLeave()} />
      <aside className={css['side']}>
        <FilterPanel form={form} categories={view.categories} topics={view.topics} onChange={setForm} />
      </aside>
      <main className={css['main']}>
        {connection.status === 'closed' ? (
          <Notice words={endWords(connection)} action={{ label: 'Connect again', run: () => feed.reconnect() }} />
        ) : null}
        {view.problem === undefined ? null : <Notice words={view.problem} />}
        {view.gap === undefined ? null : <Notice words={view.gap} calm />}
        <DealList
          view={view}
          isSettled={isSettled}
          onPause={(paused) => feed.pause(paused)}
          onClear={() => feed.clear()}
        />
      </main>
    </div>
  );
};

export const LivePage = ({ token, onLeave }: Props) => {
  const feed = useFeed(token);
  return feed === undefined ? null : <Live feed={feed} onLeave={onLeave} />;
};
