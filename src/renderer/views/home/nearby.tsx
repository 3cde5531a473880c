import { useId, useState } from 'preact/hooks';
import type { DesktopState, NearbyManager } from '../../../engine/protocol/desktop.ts';
import { useJoin } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { addressOf, shortFingerprint } from '../../text/fingerprint.ts';

/** One line of the list; `seen`: it answers now. */
interface Row extends NearbyManager {
  readonly seen: boolean;
}

/** The managers that answer, and the one that was joined last even where it does not. */
function rowsOf({ nearby, last }: Pick<DesktopState, 'nearby' | 'last'>): Row[] {
  const rows = nearby.map((manager) => ({ ...manager, seen: true }));
  if (last === null || rows.some(({ fingerprint }) => fingerprint === last.fingerprint)) return rows;
  return [...rows, { ...last, members: null, tokenRequired: false, known: true, seen: false }];
}

/** Managers on the network, one of them chosen, and one large Join. */
export function Nearby() {
  const model = useModel();
  const { nearby, last } = model.state.value;
  const { home } = model.words.value;
  const [chosen, setChosen] = useState<string | null>(null);
  const { join, busy } = useJoin(model);
  const rows = rowsOf({ nearby, last });
  const manager =
    rows.find(({ url }) => url === chosen) ??
    rows.find(({ seen, fingerprint }) => seen && fingerprint === last?.fingerprint) ??
    rows[0];
  const title = useId();

  return (
    <section class="card" aria-labelledby={title}>
      <header class="card-head">
        <h2 id={title}>{home.nearby}</h2>
      </header>
      {nearby.length === 0 ? (
        <div class="looking">
          <p>{home.looking}</p>
          <p class="hint">{home.lookingHint}</p>
        </div>
      ) : null}
      {rows.length === 0 ? null : (
        <div class="managers" role="radiogroup" aria-labelledby={title}>
          {rows.map((row) => (
            <ManagerRow key={row.url} row={row} chosen={row === manager} onChoose={() => setChosen(row.url)} />
          ))}
        </div>
      )}
      <div class="join-bar">
        <Button
          kind="primary"
          size="large"
          busy={busy}
          disabled={manager === undefined}
          onClick={() => manager !== undefined && void join(manager)}
        >
          {manager === undefined ? home.joinNone : home.join(manager.name)}
        </Button>
      </div>
      <Button kind="quiet" onClick={() => (model.dialog.value = { kind: 'byHand' })}>
        {home.byHand}
      </Button>
    </section>
  );
}

function ManagerRow({ row, chosen, onChoose }: { row: Row; chosen: boolean; onChoose: () => void }) {
  const { home } = useModel().words.value;
  return (
    <label class="manager">
      <input type="radio" name="manager" value={row.url} checked={chosen} onChange={onChoose} />
      <span class="manager-words">
        <strong>{row.name}</strong>
        <span>{addressOf(row.url)}</span>
        <span>
          {row.seen ? (row.members === null ? home.membersUnknown : home.members(row.members)) : home.lastSeen}
        </span>
        <span class="manager-key">
          {home.fingerprint} <code>{shortFingerprint(row.fingerprint)}</code>
        </span>
        {row.tokenRequired || (row.known && row.seen) ? (
          <span class="manager-marks">
            {row.known && row.seen ? (
              <span class="mark">
                <Icon name="check" />
                {home.known}
              </span>
            ) : null}
            {row.tokenRequired ? (
              <span class="mark">
                <Icon name="lock" />
                {home.needsToken}
              </span>
            ) : null}
          </span>
        ) : null}
      </span>
    </label>
  );
}
