import { useEffect } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface NoticeProps {
  readonly kind: 'done' | 'problem';
  readonly text: string;
  readonly details: string | null;
  readonly close: string;
  readonly onClose: () => void;
}

/** Milliseconds that a word about something done stays. A problem stays until it is closed. */
const STAY = 4000;

/** A short word at the lower edge. The live regions that it stands in are always there: a new one would not be read out. */
export function NoticeBox({ kind, text, details, close, onClose }: NoticeProps) {
  useEffect(() => {
    if (kind !== 'done') return;
    const timer = window.setTimeout(onClose, STAY);
    return () => window.clearTimeout(timer);
  }, [kind, onClose]);
  return (
    <div class="notice" data-kind={kind}>
      <Icon name={kind === 'done' ? 'check' : 'alert'} />
      <div class="notice-words">
        <p>{text}</p>
        {details === null ? null : <p class="hint">{details}</p>}
      </div>
      <button class="round" type="button" aria-label={close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}
