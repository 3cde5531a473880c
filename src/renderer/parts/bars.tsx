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

/** How much of something that was granted is in use. */
export function Meter({ label, share, text }: ProgressProps & { readonly share: number }) {
  return (
    <meter class="bar" aria-label={label} aria-valuetext={text} min={0} max={1} value={Math.min(1, Math.max(0, share))}>
      {text}
    </meter>
  );
}
