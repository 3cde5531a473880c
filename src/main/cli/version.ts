export { VERSION } from '../../engine/base/version.ts';
