import { joinedHeader, type RawHeaders } from '../content/headers.ts';

export interface Link {
  /** The reference as it stands between the angle brackets. */
  readonly target: string;
  /** Relation types in lower case. */
  readonly rels: readonly string[];
}

/** One link-value of RFC 8288 section 3: `<reference>` and its parameters, values plain or quoted. */
const LINK = /<([^<>]*)>((?:[ \t]*;[ \t]*[^\s;,="<>]+(?:[ \t]*=[ \t]*(?:"(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?)*)/g;
const PARAMETER = /;[ \t]*([^\s;,="]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g;

/** All links of a message, in order. What is malformed is passed over. */
export function parseLinks(headers: RawHeaders): Link[] {
  const field = joinedHeader(headers, 'link') ?? '';
  return [...field.matchAll(LINK)].map(([, target, parameters]) => ({
    target: (target ?? '').trim(),
    rels: relsOf(parameters ?? ''),
  }));
}

/** The relation types; only the first `rel` counts (RFC 8288 section 3.3). */
function relsOf(parameters: string): string[] {
  for (const [, name, quoted, plain] of parameters.matchAll(PARAMETER)) {
    if (name?.toLowerCase() !== 'rel') continue;
    return (quoted ?? plain ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  }
  return [];
}

/** References of the links with this relation. */
export function linksTo(links: readonly Link[], rel: string): string[] {
  return links.filter((link) => link.rels.includes(rel)).map((link) => link.target);
}
