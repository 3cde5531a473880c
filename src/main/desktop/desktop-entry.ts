/** A file of a Linux desktop that names a program (Desktop Entry Specification, freedesktop.org): its lines, in this order. */
export function desktopEntry(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${escaped(value)}`);
  return ['[Desktop Entry]', ...lines, ''].join('\n');
}

/** The value of Exec: the program quoted, with four characters escaped, a per cent sign doubled; the words as they are. */
export function execOf(program: string, words: string): string {
  return `"${program.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}" ${words}`;
}

/** Every value is a string of the file, in which a backslash is escaped (once more), and a line is a line. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
