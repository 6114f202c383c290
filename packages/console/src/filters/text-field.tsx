import { useId } from 'react';
import css from './filter-panel.module.css';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly problem?: string | undefined;
  readonly inputMode?: 'decimal';
  readonly suggestions?: readonly string[];
  readonly onChange: (value: string) => void;
}

export const TextField = ({ label, value, placeholder, problem, inputMode, suggestions, onChange }: Props) => {
  const id = useId();
  return (
    <div className={css['group']}>
      <label className={css['label']} htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        value={value}
        placeholder={placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        {...(inputMode === undefined ? {} : { inputMode })}
        {...(suggestions === undefined ? {} : { list: `${id}-list` })}
        onChange={(event) => onChange(event.target.value)}
      />
      {suggestions === undefined ? null : (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      {problem === undefined ? null : (
        <p id={`${id}-problem`} className={css['problem']}>
          {problem}
        </p>
      )}
    </div>
  );
};
