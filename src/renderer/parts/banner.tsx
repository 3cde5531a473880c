import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

export interface BannerProps {
  readonly tone: 'warn' | 'bad';
  readonly title: string;
  readonly text?: string | null;
  readonly children?: ComponentChildren;
}

/** Something above everything else of a view that wants a decision. */
export function Banner({ tone, title, text = null, children }: BannerProps) {
  return (
    <div class="banner" role="alert" data-tone={tone}>
      <Icon name="alert" />
      <div class="banner-words">
        <strong>{title}</strong>
        {text === null ? null : <p class="hint">{text}</p>}
        {children}
      </div>
    </div>
  );
}
