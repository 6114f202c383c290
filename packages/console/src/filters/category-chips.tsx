import css from './category-chips.module.css';

interface Props {
  /** Every category that was seen. */
  readonly known: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Any number of categories; none of them means all. */
export const CategoryChips = ({ known, chosen, onChange }: Props) => {
  const toggle = (category: string) =>
    onChange(chosen.includes(category) ? chosen.filter((other) => other !== category) : [...chosen, category]);
  return (
    <fieldset className={css['chips']}>
      <legend>Category</legend>
      {known.length === 0 ? <p className={css['none']}>They appear here with the first deals.</p> : null}
      {known.map((category) => (
        <label key={category} className={css['chip']}>
          <input
            type="checkbox"
            className="unseen"
            checked={chosen.includes(category)}
            onChange={() => toggle(category)}
          />
          <span>{category}</span>
        </label>
      ))}
    </fieldset>
  );
};
