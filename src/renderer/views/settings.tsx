import type { DesktopSettings } from '../../engine/protocol/desktop.ts';
import { useModel } from '../data/model.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Segments, Select, Switch } from '../parts/choice.tsx';
import { ValueEntry } from '../parts/entry.tsx';
import { LANGUAGE_NAMES } from '../words/words.ts';
import { Updates } from './updates.tsx';

type SwitchName = 'startAtLogin' | 'joinAutomatically' | 'notifications' | 'quitWarm';

/** How the app itself behaves. */
export function Settings() {
  const model = useModel();
  const words = model.words.value;
  const { settings } = words;
  const { tray, version } = model.state.value;
  return (
    <>
      <h1 class="hidden">{words.tabs.settings}</h1>
      <Card title={settings.start}>
        <Toggle
          name="startAtLogin"
          label={settings.startAtLogin}
          hint={tray ? settings.startAtLoginHint : settings.startAtLoginMinimised}
        />
        <Toggle name="joinAutomatically" label={settings.joinAutomatically} hint={settings.joinAutomaticallyHint} />
        <Toggle name="notifications" label={settings.notifications} hint={settings.notificationsHint} />
      </Card>
      <Appearance />
      <Port />
      <Updates />
      <Card title={settings.quit}>
        <Toggle name="quitWarm" label={settings.quitWarm} hint={settings.quitWarmHint} />
        {tray ? null : (
          <div class="actions">
            <Button onClick={() => void model.act('quit', null)}>{settings.quitNow}</Button>
          </div>
        )}
      </Card>
      <p class="about hint">{settings.about(version)}</p>
    </>
  );
}

function Toggle({ name, label, hint }: { readonly name: SwitchName; readonly label: string; readonly hint: string }) {
  const model = useModel();
  return (
    <Switch
      label={label}
      hint={hint}
      on={model.settings.value[name]}
      onChange={(on) => void model.change({ [name]: on })}
    />
  );
}

function Appearance() {
  const model = useModel();
  const { settings } = model.words.value;
  const { language, theme } = model.settings.value;
  const change = (part: Partial<DesktopSettings>) => void model.change(part);
  return (
    <Card title={settings.look}>
      <Select
        label={settings.language}
        options={[
          { value: 'system', label: settings.system },
          { value: 'en', label: LANGUAGE_NAMES.en },
          { value: 'zh', label: LANGUAGE_NAMES.zh },
        ]}
        value={language}
        onChange={(value) => change({ language: value })}
      />
      <Segments
        label={settings.theme}
        options={[
          { value: 'system', label: settings.system },
          { value: 'light', label: settings.light },
          { value: 'dark', label: settings.dark },
        ]}
        value={theme}
        onChange={(value) => change({ theme: value })}
      />
    </Card>
  );
}

/** As the settings' schema has it. */
const PORTS = { least: 1024, most: 65_535 };

function parsePort(text: string): number | undefined {
  const port = /^\d{4,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= PORTS.least && port <= PORTS.most ? port : undefined;
}

function Port() {
  const model = useModel();
  const { settings } = model.words.value;
  return (
    <Card title={settings.network}>
      <div class="port">
        <div class="port-words">
          <span aria-hidden="true">{settings.port}</span>
          <p class="hint">{settings.portHint}</p>
        </div>
        <ValueEntry
          label={settings.port}
          value={model.settings.value.port}
          write={String}
          parse={parsePort}
          error={settings.badPort}
          onChange={(port) => void model.change({ port })}
        />
      </div>
    </Card>
  );
}
