import { useDraft } from '../../data/draft.ts';
import { useModel } from '../../data/model.ts';
import { Meter } from '../../parts/bars.tsx';
import { Button } from '../../parts/button.tsx';
import { Card } from '../../parts/card.tsx';
import { ValueEntry } from '../../parts/entry.tsx';
import { Slider } from '../../parts/slider.tsx';
import { parseSize } from '../../text/amount.ts';
import { positionOf, sizeStops, valueAt } from '../../text/scale.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Least that the memory tier takes, as the settings' schema has it. */
const LEAST_MEMORY = 16 * MIB;
const LEAST_DISK = 256 * MIB;

/** Memory and disk: what was granted, what is in use, and where it lies. */
export function Cache() {
  const model = useModel();
  const { peer, freeDisk, totalMemory, settings } = model.state.value;
  const { limits } = model.words.value;
  const { bytes } = model.format.value;
  const mostMemory = Math.max(LEAST_MEMORY * 2, Math.floor(totalMemory / 2), settings.memory);
  const held = peer?.disk.used ?? 0;
  const mostDisk = Math.max(LEAST_DISK, settings.disk, (freeDisk ?? 100 * GIB) + held);
  return (
    <Card
      title={limits.cache}
      aside={
        <Button size="small" onClick={() => (model.dialog.value = { kind: 'clearCache' })}>
          {limits.clear}
        </Button>
      }
    >
      <Grant which="memory" title={limits.memory} least={LEAST_MEMORY} most={mostMemory} off={false} />
      <Grant
        which="disk"
        title={limits.disk}
        least={LEAST_DISK}
        most={mostDisk}
        off
        room={freeDisk === null ? undefined : limits.freeDisk(bytes(freeDisk))}
      />
      <Folder />
    </Card>
  );
}

interface GrantProps {
  readonly which: 'memory' | 'disk';
  readonly title: string;
  readonly least: number;
  readonly most: number;
  /** It can be turned off. */
  readonly off: boolean;
  /** How much there would be, in words. */
  readonly room?: string | undefined;
}

function Grant({ which, title, least, most, off, room }: GrantProps) {
  const model = useModel();
  const { limits } = model.words.value;
  const { bytes } = model.format.value;
  const tier = model.state.value.peer?.[which] ?? null;
  const { shown, set } = useDraft(model.settings.value[which], (size) => model.change({ [which]: size }));
  const stops = sizeStops(least, most, off);
  const write = (size: number) => (size === 0 ? limits.off : bytes(size));
  const parse = (text: string) => {
    const size = text === limits.off ? 0 : parseSize(text);
    return size !== undefined && ((off && size === 0) || (size >= least && size <= most)) ? size : undefined;
  };
  const use = tier === null ? limits.notRunning(write(shown)) : limits.inUse(bytes(tier.used), write(shown));
  return (
    <div class="grant">
      <div class="grant-head">
        <h3>{title}</h3>
        <ValueEntry
          label={`${title}: ${limits.sizeEntry}`}
          value={shown}
          write={write}
          parse={parse}
          error={limits.badSize(bytes(least), bytes(most))}
          onChange={set}
        />
      </div>
      <Slider
        label={title}
        position={positionOf(shown, stops)}
        last={stops.length - 1}
        text={write(shown)}
        onMove={(position) => set(valueAt(position, stops) ?? most)}
      />
      <div class="grant-use">
        {tier === null || shown === 0 ? null : (
          <Meter label={`${title}: ${use}`} share={tier.used / shown} text={use} />
        )}
        <p class="hint">{use}</p>
        {room === undefined ? null : <p class="hint">{room}</p>}
      </div>
    </div>
  );
}

function Folder() {
  const model = useModel();
  const { limits } = model.words.value;
  const { cacheFolder } = model.settings.value;
  const choose = async () => {
    const result = await model.act('chooseFolder', null);
    if (result.ok && result.value !== null) await model.change({ cacheFolder: result.value });
  };
  return (
    <div class="folder">
      <div class="folder-words">
        <h3>{limits.folder}</h3>
        {cacheFolder === '' ? <p class="hint">{limits.folderDefault}</p> : <p class="path">{cacheFolder}</p>}
      </div>
      <div class="actions">
        <Button size="small" onClick={() => void choose()} label={`${limits.folder}: ${limits.folderChoose}`}>
          {limits.folderChoose}
        </Button>
        {cacheFolder === '' ? null : (
          <Button size="small" kind="quiet" onClick={() => void model.change({ cacheFolder: '' })}>
            {limits.folderReset}
          </Button>
        )}
      </div>
    </div>
  );
}
