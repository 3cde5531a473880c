import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick?: () => void;
  /** `primary`: the one thing to do here. `danger`: it, where it cannot be taken back; `caution`: that beside others. `quiet`: hardly a button. */
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger' | 'caution';
  readonly size?: 'large' | 'small';
  readonly type?: 'button' | 'submit';
  readonly icon?: IconName;
  /** It is being done: a second click does nothing, and the focus stays. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Where the words alone do not say enough. */
  readonly label?: string;
}

/**
 * A disabled button keeps its place in the order of the keyboard, so that nobody's focus is lost when it becomes one. The second click of a
 * double click does nothing: by then another button may stand in the place of the first, as `Leave now` does in that of `Leave`.
 */
export function Button(props: ButtonProps) {
  const {
    children,
    onClick,
    kind = 'plain',
    size,
    type = 'button',
    icon,
    busy = false,
    disabled = false,
    label,
  } = props;
  const off = busy || disabled;
  return (
    <button
      class="button"
      type={type}
      data-kind={kind}
      data-size={size}
      aria-disabled={off ? 'true' : undefined}
      aria-busy={busy ? 'true' : undefined}
      aria-label={label}
      onClick={(event) => {
        if (off || event.detail > 1) event.preventDefault();
        else onClick?.();
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
