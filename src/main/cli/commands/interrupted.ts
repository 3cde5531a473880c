/** Exit code of a program that Ctrl-C has ended, as shells have it: 128 + SIGINT. */
export const INTERRUPTED = 130;
