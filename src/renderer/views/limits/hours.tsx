import { useState } from 'preact/hooks';
import { useDraft } from '../../data/draft.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Card } from '../../parts/card.tsx';
import { Segments } from '../../parts/choice.tsx';
import { ALWAYS, OUTSIDE_OFFICE, parseWeek, sameWeek, type Week, writeWeek } from '../../text/hours.ts';
import { DayRow } from './day-row.tsx';

type Kind = 'always' | 'outside' | 'own';

function kindOf(week: Week): Kind {
  if (sameWeek(week, ALWAYS)) return 'always';
  return sameWeek(week, OUTSIDE_OFFICE) ? 'outside' : 'own';
}

/** When coworkers may download: always, at nights and weekends, or by a range of one's own for each day. */
export function Hours() {
  const model = useModel();
  const { limits } = model.words.value;
  // At once, so that no choice jumps back while it is on its way.
  const { shown: text, set } = useDraft(model.settings.value.hours, (hours) => model.change({ hours }));
  const week = parseWeek(text);
  // `My own hours` begins with what holds already, so the choice is remembered until the hours say the same.
  const [own, setOwn] = useState(false);
  const [never, setNever] = useState(false);
  const change = (next: Week) => {
    const hours = writeWeek(next);
    setNever(hours === undefined);
    if (hours !== undefined) set(hours);
  };
  if (week === undefined)
    return (
      <Card title={limits.hours} hint={limits.hoursByHand}>
        <p>
          <code>{text}</code>
        </p>
        <div class="actions">
          <Button size="small" onClick={() => change(ALWAYS)}>
            {limits.hoursReplace}
          </Button>
        </div>
      </Card>
    );
  const kind = own ? 'own' : kindOf(week);
  const choose = (next: Kind) => {
    setOwn(next === 'own');
    setNever(false);
    if (next !== 'own') change(next === 'always' ? ALWAYS : OUTSIDE_OFFICE);
  };
  return (
    <Card title={limits.hours} hint={limits.hoursHint}>
      <Segments
        label={limits.hours}
        labelHidden
        options={[
          { value: 'always', label: limits.hoursAlways },
          { value: 'outside', label: limits.hoursOutside },
          { value: 'own', label: limits.hoursOwn },
        ]}
        value={kind}
        onChange={choose}
      />
      {kind === 'own' ? (
        <div class="days">
          {week.map((range, day) => (
            <DayRow
              key={model.format.value.weekday(day)}
              day={model.format.value.weekday(day)}
              range={range}
              onChange={(next) => change(week.map((there, place) => (place === day ? next : there)))}
            />
          ))}
        </div>
      ) : null}
      {never ? (
        <p class="error" role="alert">
          {limits.hoursNever}
        </p>
      ) : null}
    </Card>
  );
}
