import { useState } from 'preact/hooks';
import { useModel } from '../../data/model.ts';
import { Select } from '../../parts/choice.tsx';
import { type DayRange, isWhole, parseTime, WHOLE_DAY, writeTime } from '../../text/hours.ts';

export interface DayRowProps {
  readonly day: string;
  readonly range: DayRange | null;
  readonly onChange: (range: DayRange | null) => void;
}

/** What a day begins with that gets a range. */
const FIRST_RANGE: DayRange = { from: 18 * 60, to: 8 * 60 };
const DAY = 24 * 60;

export function DayRow({ day, range, onChange }: DayRowProps) {
  const { limits } = useModel().words.value;
  const mode = range === null ? 'not' : isWhole(range) ? 'all' : 'range';
  return (
    <div class="day">
      <span class="day-name" aria-hidden="true">
        {day}
      </span>
      <Select
        label={limits.dayMode(day)}
        labelHidden
        options={[
          { value: 'all', label: limits.allDay },
          { value: 'range', label: limits.range },
          { value: 'not', label: limits.notAtAll },
        ]}
        value={mode}
        onChange={(next) => onChange(next === 'all' ? WHOLE_DAY : next === 'not' ? null : FIRST_RANGE)}
      />
      {range === null || mode !== 'range' ? null : <DayTimes day={day} range={range} onChange={onChange} />}
    </div>
  );
}

function DayTimes({ day, range, onChange }: DayRowProps & { readonly range: DayRange }) {
  const { limits } = useModel().words.value;
  const [same, setSame] = useState(false);
  const take = (part: Partial<DayRange>) => {
    const next = { ...range, ...part };
    // A field shows the end of the day as 00:00.
    const fixed = next.to === 0 ? { ...next, to: DAY } : next;
    setSame(fixed.from === fixed.to);
    if (fixed.from !== fixed.to) onChange(fixed);
  };
  const field = (label: string, minutes: number, key: keyof DayRange) => (
    <input
      type="time"
      aria-label={label}
      aria-invalid={same ? 'true' : undefined}
      value={writeTime(minutes % DAY)}
      onChange={(event) => {
        const taken = parseTime(event.currentTarget.value);
        if (taken !== undefined) take({ [key]: taken });
      }}
    />
  );
  return (
    <span class="day-times">
      {field(limits.dayFrom(day), range.from, 'from')}
      <span aria-hidden="true">–</span>
      {field(limits.dayTo(day), range.to, 'to')}
      {range.to < range.from ? <span class="hint">{limits.nextDay}</span> : null}
      {same ? (
        <span class="error" role="alert">
          {limits.hoursSame}
        </span>
      ) : null}
    </span>
  );
}
