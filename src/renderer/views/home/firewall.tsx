import { useDiagnostics } from '../../data/diagnostics.ts';
import { useModel } from '../../data/model.ts';
import { Card } from '../../parts/card.tsx';
import { CopyText } from '../../parts/texts.tsx';

/** What to do where the manager cannot reach this computer. */
export function FirewallHelp() {
  const model = useModel();
  const { found } = useDiagnostics(model, model.language.value);
  const { firewall, common } = model.words.value;
  if (found === null) return null;
  const copy = (text: string) => void model.copy(text);
  return (
    <Card title={firewall.title}>
      {found.firewallCommand === null ? (
        <p>{firewall.noCommand(found.port)}</p>
      ) : (
        <CopyText
          label={model.state.value.platform === 'win32' ? firewall.commandWindows : firewall.command}
          text={found.firewallCommand}
          copy={common.copy}
          copyLabel={common.copyWhat(firewall.commandWhat)}
          onCopy={copy}
        />
      )}
      <CopyText
        label={firewall.text}
        text={found.firewallText}
        copy={common.copy}
        copyLabel={common.copyWhat(firewall.textWhat)}
        onCopy={copy}
      />
      <p class="hint">{firewall.again}</p>
    </Card>
  );
}
