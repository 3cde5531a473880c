import { ERRORS, type ErrorCode } from '../base/errors.ts';

/** What is said of a problem, as far as words are concerned: `code` chooses them, `message` is the engine's own line. */
interface Told {
  readonly code: string;
  readonly message: string;
}

/**
 * Codes that only answers to requests carry, or a command line: nobody meets them in the desktop app. A new code stands here, or it has words
 * below; where it has neither, this file does not compile.
 */
type ElsewhereOnly =
  | 'POTLUCK_BAD_TARGET'
  | 'POTLUCK_BAD_HOST'
  | 'POTLUCK_BAD_BODY'
  | 'POTLUCK_UNAUTHORIZED'
  | 'POTLUCK_FORBIDDEN'
  | 'POTLUCK_FOREIGN_HOST'
  | 'POTLUCK_FOREIGN_ORIGIN'
  | 'POTLUCK_NOT_FOUND'
  | 'POTLUCK_NOT_STORED'
  | 'POTLUCK_METHOD_NOT_ALLOWED'
  | 'POTLUCK_REVISION_GONE'
  | 'POTLUCK_REVISION_CHANGED'
  | 'POTLUCK_PRECONDITION_FAILED'
  | 'POTLUCK_TOO_LARGE'
  | 'POTLUCK_TARGET_TOO_LONG'
  | 'POTLUCK_BAD_MEDIA_TYPE'
  | 'POTLUCK_RANGE_NOT_SATISFIABLE'
  | 'POTLUCK_EXPECTATION_FAILED'
  | 'POTLUCK_HEADERS_TOO_LARGE'
  | 'POTLUCK_ORIGIN_UNREACHABLE'
  | 'POTLUCK_ORIGIN_BROKEN'
  | 'POTLUCK_BAD_PIECE'
  | 'POTLUCK_ORIGIN_TIMEOUT'
  | 'POTLUCK_NOT_CACHED'
  | 'POTLUCK_STALE'
  | 'POTLUCK_LOOP'
  | 'POTLUCK_CONTROL_UNREACHABLE';

/** One sentence for each code that can be met in the app. */
export type ProblemWords = Readonly<Record<Exclude<ErrorCode, ElsewhereOnly>, string>>;

const en: ProblemWords = {
  POTLUCK_BAD_REQUEST: 'What was asked for was not understood.',
  POTLUCK_NOT_A_MEMBER: 'The manager’s administrator has had this computer leave.',
  POTLUCK_TIMEOUT: 'The manager did not answer in time.',
  POTLUCK_TOO_MANY_REQUESTS: 'The manager was asked too often. Try again in a minute.',
  POTLUCK_INTERNAL: 'Something went wrong inside Potluck. The log says what.',
  POTLUCK_NOT_IMPLEMENTED: 'That is not possible on this computer.',
  POTLUCK_BUSY: 'The manager is busy. Try again soon.',
  POTLUCK_DRAINING: 'It is leaving already.',
  POTLUCK_NO_MANAGER: 'The connection to the manager is lost.',
  POTLUCK_DISK_FULL: 'The disk is full.',
  POTLUCK_USAGE: 'This setting cannot be used as it is.',
  POTLUCK_BAD_ADDRESS: 'This is neither an address nor a join link.',
  POTLUCK_PORT_IN_USE: 'Another program uses the port.',
  POTLUCK_PORT_LOST: 'The port was lost.',
  POTLUCK_STATE_UNWRITABLE: 'Potluck’s own folder, or that of the cache, cannot be written.',
  POTLUCK_STATE_IN_USE: 'Another Potluck uses this folder.',
  POTLUCK_FILE_UNWRITABLE: 'A file cannot be written.',
  POTLUCK_FILE_EXISTS: 'The file is there already.',
  POTLUCK_FILE_UNREADABLE: 'A file cannot be read.',
  POTLUCK_MANAGER_UNREACHABLE: 'The manager does not answer at this address.',
  POTLUCK_MANAGER_NOT_FOUND: 'No manager was found.',
  POTLUCK_KEY_CHANGED: 'The manager does not have the key that was expected.',
  POTLUCK_JOIN_REFUSED: 'The manager did not let this computer join.',
  POTLUCK_VERSION_MISMATCH: 'The manager speaks another version of Potluck.',
  POTLUCK_DOWNLOAD_FAILED: 'The download failed.',
  POTLUCK_NO_UPDATE: 'There is nothing to update to.',
  POTLUCK_UPDATE_REFUSED: 'What the manager offers is not a genuine update.',
  POTLUCK_UPDATE_FAILED: 'The new version could not be installed.',
  POTLUCK_LOGIN_ITEM: 'The system wants your consent before it starts Potluck at login.',
};

const zh: ProblemWords = {
  POTLUCK_BAD_REQUEST: '请求无法识别。',
  POTLUCK_NOT_A_MEMBER: '管理员已让这台电脑退出共享。',
  POTLUCK_TIMEOUT: '管理器未及时应答。',
  POTLUCK_TOO_MANY_REQUESTS: '请求过于频繁，请一分钟后再试。',
  POTLUCK_INTERNAL: 'Potluck 内部出错，详见日志。',
  POTLUCK_NOT_IMPLEMENTED: '这台电脑不支持此操作。',
  POTLUCK_BUSY: '管理器正忙，请稍后再试。',
  POTLUCK_DRAINING: '正在退出共享。',
  POTLUCK_NO_MANAGER: '与管理器的连接已断开。',
  POTLUCK_DISK_FULL: '磁盘已满。',
  POTLUCK_USAGE: '该设置无效。',
  POTLUCK_BAD_ADDRESS: '这既不是地址，也不是加入链接。',
  POTLUCK_PORT_IN_USE: '端口已被其他程序占用。',
  POTLUCK_PORT_LOST: '端口已无法继续使用。',
  POTLUCK_STATE_UNWRITABLE: 'Potluck 的数据文件夹或缓存文件夹无法写入。',
  POTLUCK_STATE_IN_USE: '另一个 Potluck 正在使用此文件夹。',
  POTLUCK_FILE_UNWRITABLE: '文件无法写入。',
  POTLUCK_FILE_EXISTS: '文件已存在。',
  POTLUCK_FILE_UNREADABLE: '文件无法读取。',
  POTLUCK_MANAGER_UNREACHABLE: '管理器在此地址没有应答。',
  POTLUCK_MANAGER_NOT_FOUND: '没有找到管理器。',
  POTLUCK_KEY_CHANGED: '管理器的密钥与预期不符。',
  POTLUCK_JOIN_REFUSED: '管理器未允许这台电脑加入。',
  POTLUCK_VERSION_MISMATCH: '管理器使用的 Potluck 版本与本机不兼容。',
  POTLUCK_DOWNLOAD_FAILED: '下载失败。',
  POTLUCK_NO_UPDATE: '没有可用的更新。',
  POTLUCK_UPDATE_REFUSED: '管理器提供的更新未通过验证，已拒绝安装。',
  POTLUCK_UPDATE_FAILED: '新版本未能安装。',
  POTLUCK_LOGIN_ITEM: '系统需要您先同意，才会在登录时启动 Potluck。',
};

/** The same words in tray, notifications and window. */
export const PROBLEM_WORDS: Readonly<Record<'en' | 'zh', ProblemWords>> = { en, zh };

/** A problem in the words of a language; the engine's own line where it has none for the code. */
export function problemText(words: ProblemWords, { code, message }: Told): string {
  return Object.hasOwn(words, code) ? words[code as keyof ProblemWords] : message;
}

/** What the engine's line says beyond its code: the host, the path, the cause. Null where that is nothing. */
export function problemDetail(words: ProblemWords, problem: Told): string | null {
  const { code, message } = problem;
  if (message === problemText(words, problem)) return null;
  const general: string | undefined = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].message : undefined;
  if (general === undefined || !message.startsWith(general)) return message;
  return message.slice(general.length).replace(/^[:;\s]+/, '') || null;
}
