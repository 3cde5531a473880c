import type { InstallerArch, InstallerFormat, InstallerSystem } from '../protocol/installers.ts';

/** What the join page says, in one language. */
export interface JoinWords {
  readonly lang: string;
  readonly title: (name: string) => string;
  readonly lead: string;
  readonly install: string;
  readonly noInstallers: string;
  readonly others: string;
  readonly join: string;
  readonly joinButton: string;
  readonly joinHint: string;
  readonly askToken: string;
  readonly manager: string;
  readonly fingerprint: string;
  readonly compare: string;
  readonly headless: string;
  readonly version: string;
  readonly systems: Readonly<Record<InstallerSystem, string>>;
}

const ENGLISH: JoinWords = {
  lang: 'en',
  title: (name) => `Join ${name}`,
  lead: 'Potluck is an office CDN that everyone brings a little bandwidth to. Lend some of yours for an hour or a day; you can leave at any time.',
  install: 'Install the app',
  noInstallers: 'No installers are offered here. If you do not have the app yet, ask your administrator for it.',
  others: 'Other systems',
  join: 'Join',
  joinButton: 'Join with the Potluck app',
  joinHint: 'The app opens, shows this manager and asks you before it joins.',
  askToken: 'This manager asks for a join token. Your administrator has it.',
  manager: 'Manager',
  fingerprint: 'Fingerprint',
  compare: 'The app shows the same fingerprint. If it shows another one, do not join.',
  headless: 'On a machine without a desktop',
  version: 'version',
  systems: { windows: 'Windows', macos: 'macOS', linux: 'Linux', server: 'Servers without a desktop' },
};

const CHINESE: JoinWords = {
  lang: 'zh-CN',
  title: (name) => `加入 ${name}`,
  lead: 'Potluck 是一个人人贡献一点带宽的办公室 CDN。出借一小时或一天的带宽即可，随时可以退出。',
  install: '安装应用',
  noInstallers: '这里没有提供安装程序。如果您还没有安装应用，请联系管理员。',
  others: '其他系统',
  join: '加入',
  joinButton: '用 Potluck 应用加入',
  joinHint: '应用会打开并显示此管理器，征得您的同意后才会加入。',
  askToken: '此管理器要求加入令牌，请向管理员索取。',
  manager: '管理器',
  fingerprint: '指纹',
  compare: '应用会显示同样的指纹。如果显示的不同，请不要加入。',
  headless: '在没有桌面的机器上',
  version: '版本',
  systems: { windows: 'Windows', macos: 'macOS', linux: 'Linux', server: '无桌面的服务器' },
};

/** What each kind of file is called; names of formats are the same in every language. */
export const FORMAT_NAMES: Readonly<Record<InstallerFormat, string>> = {
  exe: 'EXE',
  msi: 'MSI',
  dmg: 'DMG',
  zip: 'ZIP',
  AppImage: 'AppImage',
  deb: 'deb (Debian, Ubuntu)',
  rpm: 'rpm (Fedora, RHEL, openSUSE)',
  'tar.gz': 'tar.gz',
  tgz: 'tgz (Node.js)',
};

export const ARCH_NAMES: Readonly<Record<InstallerArch, string>> = {
  x64: 'x64',
  arm64: 'ARM64',
  universal: 'Intel, Apple silicon',
  any: '',
};

/** The language that a browser asks for first among those there are (Accept-Language, RFC 9110 section 12.5.4); English otherwise. */
export function joinWords(acceptLanguage: string | undefined): JoinWords {
  const wanted = (acceptLanguage ?? '')
    .slice(0, 512)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1]).find((text) => text !== undefined);
      return { primary: tag.split('-')[0], weight: q === undefined ? 1 : Number(q) };
    })
    .filter(({ primary, weight }) => weight > 0 && (primary === 'en' || primary === 'zh'))
    .sort((a, b) => b.weight - a.weight);
  return wanted[0]?.primary === 'zh' ? CHINESE : ENGLISH;
}
