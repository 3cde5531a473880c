import { type Model, ModelProvider, type TabName, useModel } from '../data/model.ts';
import { NoticeBox } from '../parts/notice.tsx';
import { TabPanel, Tabs } from '../parts/tabs.tsx';
import { Diagnostics } from './diagnostics.tsx';
import { Dialogs } from './dialogs/dialogs.tsx';
import { FirstRun } from './first-run.tsx';
import { Home } from './home/home.tsx';
import { Limits } from './limits/limits.tsx';
import { Settings } from './settings.tsx';

const VIEWS = { home: Home, limits: Limits, diagnostics: Diagnostics, settings: Settings } as const;
const TABS: readonly TabName[] = ['home', 'limits', 'diagnostics', 'settings'];

/** The whole window. */
export function App({ model }: { readonly model: Model }) {
  return (
    <ModelProvider value={model}>
      {model.settings.value.firstRunDone ? <Tabbed /> : <FirstRun />}
      <Dialogs />
      <Announcements />
    </ModelProvider>
  );
}

function Tabbed() {
  const model = useModel();
  const words = model.words.value.tabs;
  const tab = model.tab.value;
  const View = VIEWS[tab];
  return (
    <>
      <header class="top">
        <Tabs
          label={words.label}
          tabs={TABS.map((name) => ({ name, label: words[name], icon: name }))}
          chosen={tab}
          onChoose={(name) => (model.tab.value = name)}
        />
      </header>
      <TabPanel name={tab} key={tab}>
        <View />
      </TabPanel>
    </>
  );
}

/** What is said aloud, and shown at the lower edge: changes of state, things done, problems. */
function Announcements() {
  const model = useModel();
  const { app, holds, nearby } = model.state.value;
  const words = model.words.value;
  const notice = model.notice.value;
  const found = app === 'idle' && nearby.length > 0 ? words.home.found(nearby.length) : '';
  const why = app === 'holding' ? holds.map((hold) => words.hold[hold]).join(' ') : found;
  const box =
    notice === null ? null : (
      <NoticeBox
        key={notice.serial}
        kind={notice.kind}
        text={notice.text}
        details={notice.details}
        close={words.common.close}
        onClose={() => model.dismiss(notice.serial)}
      />
    );
  return (
    <aside class="notices" aria-label={words.settings.notifications}>
      <p class="hidden" role="status">
        {`${words.state[app].title}. ${why}`.trim()}
      </p>
      <div role="status">{notice?.kind === 'done' ? box : null}</div>
      <div role="alert">{notice?.kind === 'problem' ? box : null}</div>
    </aside>
  );
}
