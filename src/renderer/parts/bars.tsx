export interface ProgressProps {
  readonly label: string;
  /** 0 to 1; null: nobody knows how far. */
  readonly share: number | null;
  /** In words. */
  readonly text: string;
}

export function Progress({ label, share, text }: ProgressProps) {
  return share === null ? (
    <progress class="bar" aria-label={label} aria-valuetext={text} />
  ) : (
    <progress class="bar" aria-label={label} aria-valuetext={text} max={1} value={Math.min(1, Math.max(0, share))} />
  );
}

/** How much of something that was granted is in use. The browser's own meter cannot be made to look like its bar of progress. */
export function Meter({ label, share, text }: ProgressProps & { readonly share: number }) {
  const filled = Math.min(1, Math.max(0, share));
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div
      class="bar meter"
      role="meter"
      aria-label={label}
      aria-valuetext={text}
      aria-valuemin={0}
      aria-valuemax={1}
      aria-valuenow={filled}
      style={{ '--filled': String(filled) }}
    />
  );
}
