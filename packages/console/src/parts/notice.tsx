import css from './notice.module.css';

interface Props {
  readonly words: string;
  /** Something to know, not to act upon. */
  readonly calm?: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Tells the visitor something that stands in the way. */
export const Notice = ({ words, calm = false, action }: Props) => (
  <div className={calm ? css['calm'] : css['notice']} role={calm ? 'status' : 'alert'}>
    <p>{words}</p>
    {action === undefined ? null : (
      <button type="button" onClick={action.run}>
        {action.label}
      </button>
    )}
  </div>
);
