import { differing, groups } from '../text/fingerprint.ts';
import { Button } from './button.tsx';

export interface CopyTextProps {
  readonly label: string;
  readonly text: string;
  readonly copy: string;
  /** The button for a screen reader: copy what. */
  readonly copyLabel: string;
  readonly onCopy: (text: string) => void;
}

/** Text to be taken elsewhere: a command, a letter. */
export function CopyText({ label, text, copy, copyLabel, onCopy }: CopyTextProps) {
  return (
    <div class="copy-text">
      <div class="copy-head">
        <p class="label">{label}</p>
        <Button size="small" icon="copy" label={copyLabel} onClick={() => onCopy(text)}>
          {copy}
        </Button>
      </div>
      <ScrollText label={label} text={text} />
    </div>
  );
}

export interface ScrollTextProps {
  readonly label: string;
  readonly text: string;
  readonly tall?: boolean;
}

/** Text with long lines, which scrolls inside of its own box and so must be within reach of the keyboard. */
export function ScrollText({ label, text, tall = false }: ScrollTextProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class={tall ? 'scroll-text tall' : 'scroll-text'} aria-label={label} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}

/** All of a fingerprint; where it is compared to another, the groups that differ are marked. */
export function Fingerprint({ value, against }: { readonly value: string; readonly against?: string }) {
  const marks = against === undefined ? [] : differing(value, against);
  return (
    <code class="fingerprint">
      {groups(value).map((group, place) =>
        // The groups of a fingerprint have an order and nothing else.
        marks[place] === true ? <mark key={place}>{group}</mark> : <span key={place}>{group}</span>,
      )}
    </code>
  );
}
