/** Lines on a grid of 20, drawn in the colour of the text around them. */
const PATHS = {
  home: 'M3 9.5 10 3.5l7 6M5 8v8.5h10V8M8.5 16.5v-4.5h3v4.5',
  limits: 'M3.2 14.5a7.5 7.5 0 1 1 13.6 0M10 11.5l3.2-4.2M10 12.6a1.1 1.1 0 1 0 0-2.2 1.1 1.1 0 0 0 0 2.2',
  diagnostics: 'M2.5 10.5h3.2l2-5.5 4.2 10.5 2.3-5h3.3',
  settings:
    'M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M10 2.8v2M10 15.2v2M17.2 10h-2M4.8 10h-2M15.1 4.9l-1.4 1.4M6.3 13.7l-1.4 1.4M15.1 15.1l-1.4-1.4M6.3 6.3 4.9 4.9',
  up: 'M10 16V4.5M5.5 9 10 4.5 14.5 9',
  down: 'M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5',
  chevron: 'M6 8l4 4 4-4',
  check: 'M4.5 10.5l3.7 3.7 7.3-8.4',
  alert: 'M10 3.2 17.6 16.4H2.4zM10 8v4M10 14.2v.1',
  lock: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  copy: 'M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4',
  close: 'M5 5l10 10M15 5 5 15',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words; where it stands alone, whatever holds it has a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
