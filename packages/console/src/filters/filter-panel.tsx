import { type FormEvent, useId, useState } from 'react';
import { CategoryChips } from './category-chips.js';
import { ALL_DEALS, emptyForm, type FilterForm, problemsOf } from './filter-form.js';
import css from './filter-panel.module.css';
import { TextField } from './text-field.js';

interface Props {
  readonly form: FilterForm;
  readonly categories: readonly string[];
  readonly topics: readonly string[];
  readonly onChange: (form: FilterForm) => void;
}

const MOST_DISCOUNT = 90;

/** What the visitor wants to see. Every change counts at once; there is nothing to send. */
export const FilterPanel = ({ form, categories, topics, onChange }: Props) => {
  const id = useId();
  const [isUnfolded, setUnfolded] = useState(false);
  const problems = problemsOf(form);
  const set = (part: Partial<FilterForm>) => onChange({ ...form, ...part });
  const stay = (event: FormEvent) => event.preventDefault();
  return (
    <form className={css['panel']} onSubmit={stay} aria-label="Filters">
      <div className={css['head']}>
        <h2>Filters</h2>
        <button
          type="button"
          className={css['fold']}
          aria-expanded={isUnfolded}
          aria-controls={`${id}-fields`}
          onClick={() => setUnfolded(!isUnfolded)}
        >
          {isUnfolded ? 'Hide' : 'Show'}
        </button>
        <button type="button" onClick={() => onChange({ ...emptyForm })}>
          Reset
        </button>
      </div>

      <div id={`${id}-fields`} className={css['fields']} data-unfolded={isUnfolded}>
        <CategoryChips known={categories} chosen={form.categories} onChange={(chosen) => set({ categories: chosen })} />

        <div className={css['group']}>
          <label className={css['label']} htmlFor={`${id}-discount`}>
            Discount
            <output htmlFor={`${id}-discount`}>
              {form.minDiscount === 0 ? 'any' : `${form.minDiscount} % or more`}
            </output>
          </label>
          <input
            id={`${id}-discount`}
            type="range"
            min={0}
            max={MOST_DISCOUNT}
            step={5}
            value={form.minDiscount}
            onChange={(event) => set({ minDiscount: Number(event.target.value) })}
          />
        </div>

        <TextField
          label="Price, at most"
          value={form.maxPrice}
          placeholder="any"
          inputMode="decimal"
          problem={problems.maxPrice}
          onChange={(maxPrice) => set({ maxPrice })}
        />
        <TextField
          label="Words in the title"
          value={form.keywords}
          placeholder="any of these"
          problem={problems.keywords}
          onChange={(keywords) => set({ keywords })}
        />
        <TextField
          label="Topic"
          value={form.topic}
          placeholder={ALL_DEALS}
          problem={problems.topic}
          suggestions={[...new Set([ALL_DEALS, ...topics, 'price-updates'])]}
          onChange={(topic) => set({ topic })}
        />
      </div>
    </form>
  );
};
