import { useId, useRef, useState } from 'preact/hooks';
import type { DesktopState, NearbyManager } from '../../../engine/protocol/desktop.ts';
import { useJoin } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { addressOf, groups, shortFingerprint } from '../../text/fingerprint.ts';

/** One line of the list; `seen`: it answers now. */
interface Row extends NearbyManager {
  readonly seen: boolean;
  /** Another one goes by the same name: nobody but the key tells which is which. */
  readonly namesake: boolean;
}

/** The managers that answer, and the one that was joined last even where it does not. */
function rowsOf({ nearby, last }: Pick<DesktopState, 'nearby' | 'last'>): Row[] {
  const rows = nearby.map((manager) => ({ ...manager, seen: true }));
  if (last !== null && !rows.some(({ fingerprint }) => fingerprint === last.fingerprint))
    rows.push({ ...last, members: null, tokenRequired: false, known: true, seen: false });
  const name = (row: NearbyManager) => row.name.toLowerCase();
  return rows.map((row) => ({ ...row, namesake: rows.some((one) => one !== row && name(one) === name(row)) }));
}

/** Managers on the network, one of them chosen, and one large Join. */
export function Nearby() {
  const model = useModel();
  const { nearby, last } = model.state.value;
  const { home } = model.words.value;
  const [chosen, setChosen] = useState<string | null>(null);
  // What Join stands for does not change under the hand because somebody else is heard of meanwhile.
  const offered = useRef<string | null>(null);
  const { join, busy } = useJoin(model);
  const rows = rowsOf({ nearby, last });
  const manager =
    rows.find(({ fingerprint }) => fingerprint === chosen) ??
    rows.find(({ seen, fingerprint }) => seen && fingerprint === last?.fingerprint) ??
    rows.find(({ fingerprint }) => fingerprint === offered.current) ??
    rows[0];
  offered.current = manager?.fingerprint ?? null;
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
            <ManagerRow
              key={row.fingerprint}
              row={row}
              chosen={row === manager}
              onChoose={() => setChosen(row.fingerprint)}
            />
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
      <input type="radio" name="manager" value={row.fingerprint} checked={chosen} onChange={onChoose} />
      <span class="manager-words">
        <strong>{row.name}</strong>
        <span>{addressOf(row.url)}</span>
        <span>
          {row.seen ? (row.members === null ? home.membersUnknown : home.members(row.members)) : home.lastSeen}
        </span>
        <span class="manager-key">
          {home.fingerprint} <code title={groups(row.fingerprint).join(' ')}>{shortFingerprint(row.fingerprint)}</code>
        </span>
        {row.tokenRequired || row.namesake || (row.known && row.seen) ? (
          <span class="manager-marks">
            {row.known && row.seen ? (
              <span class="mark">
                <Icon name="check" />
                {home.known}
              </span>
            ) : null}
            {row.namesake ? (
              <span class="mark">
                <Icon name="alert" />
                {home.namesake}
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
