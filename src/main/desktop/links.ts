import { isJoinLink } from '../../engine/protocol/join-link.ts';

/** The join link among the words of a command line, as Windows and Linux hand it over; the last one counts. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.findLast(isJoinLink);
}
