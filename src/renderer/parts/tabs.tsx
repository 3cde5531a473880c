import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

export interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: string;
  readonly icon: IconName;
}

export interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
}

/** Tabs by the WAI-ARIA pattern: one stop of the Tab key, arrows between them, Home and End. */
export function Tabs<Name extends string>({ label, tabs, chosen, onChoose }: TabsProps<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const go = (place: number) => {
    const tab = tabs.at(place % tabs.length);
    if (tab === undefined) return;
    onChoose(tab.name);
    list.current?.querySelector<HTMLElement>(`#tab-${tab.name}`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const here = tabs.findIndex(({ name }) => name === chosen);
    const places: Readonly<Record<string, number>> = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      Home: 0,
      End: -1,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    go(place);
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.name}
          id={`tab-${tab.name}`}
          type="button"
          role="tab"
          aria-selected={tab.name === chosen}
          aria-controls={tab.name === chosen ? `panel-${tab.name}` : undefined}
          tabIndex={tab.name === chosen ? 0 : -1}
          onClick={() => onChoose(tab.name)}
        >
          <Icon name={tab.icon} />
          <span>{tab.label}</span>
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <main class="panel" key={name}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: from here the arrows scroll a view that begins with words */}
      <div class="panel-inside" role="tabpanel" id={`panel-${name}`} aria-labelledby={`tab-${name}`} tabIndex={0}>
        {children}
      </div>
    </main>
  );
}
