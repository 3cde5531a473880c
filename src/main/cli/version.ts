import packageJson from '../../../package.json' with { type: 'json' };

/** Version of the program, from package.json; the bundle has it inlined. */
export const VERSION: string = packageJson.version;
