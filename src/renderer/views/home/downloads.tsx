import type { DesktopState } from '../../../engine/protocol/desktop.ts';
import { useModel } from '../../data/model.ts';
import { Progress } from '../../parts/bars.tsx';
import { Card } from '../../parts/card.tsx';
import { fileName } from '../../text/fingerprint.ts';

type PeerDownload = NonNullable<DesktopState['peer']>['downloads'][number];

/** Rows that are shown; a peer may have more running than anybody reads. */
const MOST_ROWS = 8;

/** The downloads that coworkers have running here. */
export function Downloads() {
  const model = useModel();
  const { peer } = model.state.value;
  const { home } = model.words.value;
  if (peer === null) return null;
  const rows = peer.downloads.slice(0, MOST_ROWS);
  const more = peer.running - rows.length;
  return (
    <Card title={home.serving} aside={peer.running > 0 ? home.servingCount(peer.running) : undefined}>
      {rows.length === 0 ? (
        <p class="hint">{home.servingNone}</p>
      ) : (
        <ul class="downloads">
          {rows.map((download) => (
            <DownloadRow key={download.id} download={download} />
          ))}
        </ul>
      )}
      {more > 0 && rows.length > 0 ? <p class="hint">{home.servingMore(more)}</p> : null}
    </Card>
  );
}

function DownloadRow({ download }: { readonly download: PeerDownload }) {
  const model = useModel();
  const { home } = model.words.value;
  const format = model.format.value;
  const { sent, length, client, target } = download;
  const name = fileName(target);
  const share = length === null || length === 0 ? null : sent / length;
  const { figure } = format;
  const text = length === null ? figure(sent) : home.downloadProgress(figure(sent), figure(length));
  return (
    <li class="download">
      <p class="download-line">
        <span class="download-name" title={target}>
          {name}
        </span>
        <span>{share === null ? '' : format.percent(share)}</span>
      </p>
      <Progress label={home.downloadTo(name, client)} share={share} text={text} />
      <p class="download-line hint">
        <span>{client}</span>
        <span class="download-bytes">{text}</span>
      </p>
    </li>
  );
}
