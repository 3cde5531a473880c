import { OPTIONS, type Option, SECTIONS } from './settings-options.ts';

/** Lines are folded here: what fits an 100-column window without wrapping. */
const WIDTH = 98;
const LEFT = 30;

/** The options of the headless faces, by heading, as `--help` shows them. */
export function optionsHelp(): string {
  return SECTIONS.map((section) => {
    const rows = Object.entries<Option>(OPTIONS).filter(([, option]) => option.section === section);
    return `${section}\n${rows.map(([name, option]) => optionHelp(name, option)).join('')}`;
  }).join('\n');
}

function optionHelp(name: string, option: Option): string {
  const notes = [
    option.only === undefined ? '' : `${option.only.join(' and ')} only`,
    option.repeat === true ? 'again and again' : '',
    option.fallback === undefined ? '' : `default: ${option.fallback}`,
  ].filter((note) => note !== '');
  const text = notes.length === 0 ? option.help : `${option.help} (${notes.join('; ')})`;
  return helpRow(`--${name}${option.arg === undefined ? '' : ` ${option.arg}`}`, text);
}

/** One row: what to write on the left, what it means folded on the right. */
export function helpRow(left: string, right: string): string {
  const lines = fold(right, WIDTH - LEFT);
  const head = `  ${left}`;
  const first =
    head.length < LEFT ? `${head.padEnd(LEFT)}${lines[0] ?? ''}\n` : `${head}\n${' '.repeat(LEFT)}${lines[0]}\n`;
  return (
    first +
    lines
      .slice(1)
      .map((line) => `${' '.repeat(LEFT)}${line}\n`)
      .join('')
  );
}

function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
