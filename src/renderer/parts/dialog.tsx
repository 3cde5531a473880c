import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  /** `warning`: it must not be overlooked. */
  readonly tone?: 'plain' | 'warning';
  /** Esc, or a no. */
  readonly onClose: () => void;
  /** Given as a form where Enter does what the main button does. */
  readonly onSubmit?: () => void;
  readonly children: ComponentChildren;
  readonly actions: ComponentChildren;
}

/**
 * A modal dialog. The browser keeps the focus inside and everything else out of reach, and gives the focus back when it is closed; so it is
 * closed before it is taken away.
 */
export function Dialog({ title, tone = 'plain', onClose, onSubmit, children, actions }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      data-tone={tone}
      role={tone === 'warning' ? 'alertdialog' : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2 id={id}>{title}</h2>
        <div class="dialog-body">{children}</div>
        <div class="actions">{actions}</div>
      </form>
    </dialog>
  );
}
