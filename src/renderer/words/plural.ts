type Say = (count: number) => string;

/** What to say of a number, by the plural categories of a language (CLDR). `other` holds for every category without words of its own. */
export function plural(locale: string, forms: Partial<Record<Intl.LDMLPluralRule, Say>> & { other: Say }): Say {
  const rules = new Intl.PluralRules(locale);
  return (count) => (forms[rules.select(count)] ?? forms.other)(count);
}
