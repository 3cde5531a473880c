/*
 * uPlot makes a formatter for `navigator.language` while it is loaded. Where a system has set what is no language (`en-US@posix`, under LC_ALL=POSIX),
 * Intl throws, and nothing of the window would ever be drawn. Loaded before everything else, this says English there.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
