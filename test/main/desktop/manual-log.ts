import type { Log } from '../../../src/engine/base/log.ts';

/** Keeps what was said. */
export class ManualLog implements Log {
  readonly warnings: { fields: object; message: string }[] = [];
  readonly errors: { fields: object; message: string }[] = [];

  debug(): void {}

  info(): void {}

  warn(fields: object, message: string): void {
    this.warnings.push({ fields, message });
  }

  error(fields: object, message: string): void {
    this.errors.push({ fields, message });
  }

  child(): Log {
    return this;
  }
}
