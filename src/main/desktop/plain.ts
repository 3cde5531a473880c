/** Longest name in a menu or a notification, characters. */
const LONGEST = 40;

/**
 * A text that came from the network, as one line of a menu: a manager may call itself anything. Control characters, those that turn the
 * direction of writing, and line ends go; what is too long is cut.
 */
export function plain(text: string, longest = LONGEST): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = [...line];
  if (characters.length <= longest) return line;
  const kept = characters.slice(0, longest - 1).join('');
  return `${kept.trimEnd()}…`;
}
