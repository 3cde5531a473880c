import { useModel } from '../../data/model.ts';
import { Select } from '../../parts/choice.tsx';
import { ValueEntry } from '../../parts/entry.tsx';
import { type DayRange, isWhole, readTime, WHOLE_DAY, writeTime } from '../../text/hours.ts';

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

/** The two ends of a range, typed as `18:00` whatever the system's way with hours: so the presets and `--hours` write them too. */
function DayTimes({ day, range, onChange }: DayRowProps & { readonly range: DayRange }) {
  const { limits } = useModel().words.value;
  const field = (label: string, minutes: number, end: 'from' | 'to') => (
    <ValueEntry
      label={label}
      value={minutes}
      write={writeTime}
      parse={(text) => endOf(range, end, text)}
      error={limits.badTime}
      onChange={(taken) => onChange({ ...range, [end]: taken })}
    />
  );
  return (
    <span class="day-times">
      {field(limits.dayFrom(day), range.from, 'from')}
      <span aria-hidden="true">–</span>
      {field(limits.dayTo(day), range.to, 'to')}
      {range.to < range.from ? <span class="hint">{limits.nextDay}</span> : null}
    </span>
  );
}

/** What was typed for one end of a range; undefined where it is no time, or the other end, for a range cannot end when it begins. */
function endOf(range: DayRange, end: 'from' | 'to', text: string): number | undefined {
  const read = readTime(text);
  // Midnight begins a day as 0:00, and ends one as 24:00.
  const taken = read !== undefined && read % DAY === 0 ? (end === 'to' ? DAY : 0) : read;
  const next = { ...range, [end]: taken };
  return next.from === next.to ? undefined : taken;
}
