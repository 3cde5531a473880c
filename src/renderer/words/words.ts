import type { Problem } from '../../engine/protocol/desktop.ts';
import { problemDetail as detailOf, problemText as textOf } from '../../engine/protocol/desktop-problems.ts';
import { en, type Words } from './en.ts';
import { zh } from './zh.ts';

export type { Words } from './en.ts';

export type LanguageName = 'en' | 'zh';

export const WORDS: Readonly<Record<LanguageName, Words>> = { en, zh };

/** The language of the window that is nearest to a tag of BCP 47. */
export function languageOf(tag: string): LanguageName {
  return /^zh\b/i.test(tag) ? 'zh' : 'en';
}

/** What Intl and the page's `lang` call them. */
export const LOCALES: Readonly<Record<LanguageName, string>> = { en: 'en', zh: 'zh-CN' };

/** A language in its own words, so that who cannot read the present one finds the way back. */
export const LANGUAGE_NAMES: Readonly<Record<LanguageName, string>> = { en: 'English', zh: '简体中文' };

/** A problem in the window's language, where it has words for the code; else the engine's own line. */
export function problemText({ problem: words }: Words, problem: Problem): string {
  return textOf(words, problem);
}

/** Words and detail in one line. */
export function problemLine(words: Words, problem: Problem): string {
  const detail = problemDetail(words, problem);
  const text = problemText(words, problem);
  return detail === null ? text : `${text} (${detail})`;
}

/** What the engine's own line adds to those words; null where it adds nothing. */
export function problemDetail({ problem: words }: Words, problem: Problem): string | null {
  return detailOf(words, problem);
}
