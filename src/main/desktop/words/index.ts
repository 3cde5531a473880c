import type { Language } from '../../../engine/protocol/desktop.ts';
import { en } from './en.ts';
import type { Words } from './words.ts';
import { zh } from './zh.ts';

export type { Words } from './words.ts';

/** The language that a choice stands for; `locales` are the system's, the preferred one first. */
export function resolveLanguage(choice: Language, locales: readonly string[]): 'en' | 'zh' {
  if (choice !== 'system') return choice;
  const known = locales.map((locale) => locale.slice(0, 2).toLowerCase()).find((tag) => tag === 'zh' || tag === 'en');
  return known === 'zh' ? 'zh' : 'en';
}

export function wordsOf(language: 'en' | 'zh'): Words {
  return language === 'zh' ? zh : en;
}
