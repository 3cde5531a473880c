import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface CardProps {
  readonly title: string;
  /** Beside the title, at its end. */
  readonly aside?: ComponentChildren;
  readonly hint?: string;
  readonly children: ComponentChildren;
}

/** A part of a view with a heading of its own. */
export function Card({ title, aside, hint, children }: CardProps) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="card-aside">{aside}</div>}
      </header>
      {hint === undefined ? null : <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}
