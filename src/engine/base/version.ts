import packageJson from '../../../package.json' with { type: 'json' };

/** Version of this program, as package.json has it; compiled in. */
export const VERSION: string = packageJson.version;
