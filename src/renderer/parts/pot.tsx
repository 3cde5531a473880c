/** What the pot says; the tray's pictures have the same signs. */
export type PotSign = 'idle' | 'sharing' | 'draining' | 'paused' | 'problem' | 'waiting';

const SIGNS: Readonly<Record<PotSign, string>> = {
  idle: '',
  sharing: 'M32 37v14M25.5 45l6.5 6.5 6.5-6.5',
  draining: 'M24 44h15M33 37.5l6.5 6.5-6.5 6.5',
  paused: 'M27.5 38v12M36.5 38v12',
  problem: 'M32 36.5v8.5M32 51v.2',
  waiting: 'M24 44.2v.1M32 44.2v.1M40 44.2v.1',
};

/** The pot to which everybody brings something. It stands beside words that say the same. */
export function Pot({ sign }: { readonly sign: PotSign }) {
  return (
    <svg class="pot" viewBox="0 0 64 64" aria-hidden="true" data-sign={sign}>
      <path class="pot-handles" d="M14 36h-4a4 4 0 0 0 0 8h4M50 36h4a4 4 0 0 1 0 8h-4" />
      <path class="pot-body" d="M13 30h38v16a10 10 0 0 1-10 10H23a10 10 0 0 1-10-10z" />
      <path class="pot-body" d="M13.5 25.5C15 17.5 22.5 14 32 14s17 3.5 18.5 11.5z" />
      <circle class="pot-knob" cx="32" cy="10" r="4" />
      <path class="pot-sign" d={SIGNS[sign]} />
    </svg>
  );
}
