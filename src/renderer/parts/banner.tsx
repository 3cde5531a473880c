import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

export interface BannerProps {
  readonly tone: 'warn' | 'bad';
  readonly title: string;
  readonly text?: string | null;
  /** Where it can be taken away: by whom, and the name of the button. */
  readonly close?: { readonly label: string; readonly onClose: () => void };
  readonly children?: ComponentChildren;
}

/** Something above everything else of a view that wants a decision. */
export function Banner({ tone, title, text = null, close, children }: BannerProps) {
  return (
    <div class="banner" role="alert" data-tone={tone}>
      <Icon name="alert" />
      <div class="banner-words">
        <strong>{title}</strong>
        {text === null ? null : <p class="hint">{text}</p>}
        {children}
      </div>
      {close === undefined ? null : (
        <button class="round" type="button" aria-label={close.label} onClick={close.onClose}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
