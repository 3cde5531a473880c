import type { Diagnostics as Found, InterfaceReport } from '../../engine/protocol/desktop.ts';
import { useDiagnostics } from '../data/diagnostics.ts';
import { useModel } from '../data/model.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { ScrollText } from '../parts/texts.tsx';

/** Milliseconds from which on a difference of clocks is worth a word. */
const LARGE = 30_000;

/** For the person who asks why it does not work, and for whoever helps them. */
export function Diagnostics() {
  const model = useModel();
  const { app } = model.state.value;
  const words = model.words.value;
  const { found, busy, refresh } = useDiagnostics(model, app);
  const report = async () => {
    const result = await model.act('report', null);
    if (result.ok) await model.copy(result.value);
  };
  return (
    <>
      <h1 class="hidden">{words.diagnostics.title}</h1>
      <Card
        title={words.diagnostics.title}
        aside={
          <Button size="small" busy={busy} onClick={refresh}>
            {busy ? words.diagnostics.checking : words.diagnostics.refresh}
          </Button>
        }
      >
        {found === null ? null : <Facts found={found} />}
        <div class="actions">
          <Button icon="copy" onClick={() => void report()}>
            {words.diagnostics.copyReport}
          </Button>
          <span class="hint">{words.diagnostics.reportHint}</span>
        </div>
      </Card>
      {found === null ? null : (
        <>
          <Interfaces interfaces={found.interfaces} />
          <Log lines={found.logTail} file={found.logFile} />
        </>
      )}
    </>
  );
}

function Facts({ found }: { readonly found: Found }) {
  const model = useModel();
  const { diagnostics: words, common } = model.words.value;
  const { milliseconds } = model.format.value;
  const { reachable, reason, clockDifference, port } = found;
  const clock = clockDifference === null ? common.unknown : milliseconds(clockDifference);
  const verdict = Math.abs(clockDifference ?? 0) >= LARGE ? words.clockLarge : words.clockFine;
  return (
    <dl class="facts table">
      <dt>{words.reachable}</dt>
      <dd data-tone={reachable === null ? undefined : reachable ? 'good' : 'bad'}>
        {reachable === null ? words.notKnown : reachable ? words.yes : words.no}
        {reason === null ? null : <span class="hint">{reason}</span>}
      </dd>
      <dt>{words.clock}</dt>
      <dd>
        {clock}
        {clockDifference === null ? null : <span class="hint">{verdict}</span>}
      </dd>
      <dt>{words.port}</dt>
      <dd>{String(port)}</dd>
      <dt>{words.version}</dt>
      <dd>{model.state.value.version}</dd>
    </dl>
  );
}

function Interfaces({ interfaces }: { readonly interfaces: readonly InterfaceReport[] }) {
  const { diagnostics: words } = useModel().words.value;
  const heard = (count: number) => (count === 0 ? words.none : words.managers(count));
  if (interfaces.length === 0)
    return (
      <Card title={words.interfaces}>
        <p class="hint">{words.noInterfaces}</p>
      </Card>
    );
  return (
    <Card title={words.interfaces}>
      <table class="interfaces">
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.address}</th>
            <th scope="col">{words.heard}</th>
          </tr>
        </thead>
        <tbody>
          {interfaces.map(({ name, address, managers, trouble }) => (
            <tr key={`${name} ${address}`}>
              <th scope="row">{name}</th>
              <td>{address}</td>
              <td data-tone={trouble === null ? undefined : 'bad'}>
                {trouble === null ? heard(managers) : words.deaf[trouble.what](trouble.why)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Log({ lines, file }: { readonly lines: readonly string[]; readonly file: string }) {
  const model = useModel();
  const { diagnostics: words } = model.words.value;
  return (
    <Card
      title={words.log}
      aside={
        <Button size="small" onClick={() => void model.act('showLog', null)}>
          {words.showLog}
        </Button>
      }
    >
      <p class="path hint">{file}</p>
      {lines.length === 0 ? (
        <p class="hint">{words.logEmpty}</p>
      ) : (
        <ScrollText label={words.logLabel} text={lines.join('\n')} tall />
      )}
    </Card>
  );
}
