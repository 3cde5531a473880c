import type { Words } from './words.ts';

const downloads = (count: number) => (count === 1 ? '1 download' : `${count} downloads`);

export const en: Words = {
  tray: {
    idle: 'Not sharing',
    joining: 'Joining…',
    sharing: (manager) => `Sharing with ${manager}`,
    unreachable: 'Joined, not sharing: firewall',
    disconnected: 'The manager is away; looking for it',
    draining: (count) =>
      count === 0 ? 'Leaving…' : `Leaving when ${downloads(count)} finish${count === 1 ? 'es' : ''}`,
    failed: 'Stopped by a problem',
    held: {
      user: 'Paused',
      hours: 'Paused: outside the hours',
      battery: 'Paused: on battery',
      metered: 'Paused: metered network',
      vpn: 'Paused: over VPN',
      busy: 'Paused: the computer is in use',
      disabled: 'Paused by the administrator',
    },
    slowed: {
      battery: 'Slower: on battery',
      metered: 'Slower: metered network',
      vpn: 'Slower: over VPN',
      busy: 'Slower: the computer is in use',
    },
    pausedUntil: (time) => `Paused until ${time}`,
    serving: (count, rate) => `Serving ${downloads(count)}, ${rate} up`,
    today: (served, fromCache) => `${served} today${fromCache === null ? '' : `, ${fromCache} % from cache`}`,
    join: (manager) => `Join ${manager}`,
    joinSome: 'Join…',
    leave: 'Leave',
    leaveWarm: 'Leave when downloads finish',
    leaveNow: 'Leave now',
    pause: 'Pause',
    pauseHour: 'For 1 hour',
    pauseTomorrow: 'Until tomorrow',
    goOn: 'Go on',
    uploadLimit: 'Upload limit',
    noLimit: 'None',
    restart: 'Start again',
    update: (version) => `New version ${version}…`,
    open: 'Open Potluck',
    quit: 'Quit',
  },
  notes: {
    stillHere: 'Potluck goes on in the background. Its icon brings the window back.',
    unreachable: 'The manager cannot reach this computer. The window shows how to open the firewall.',
    failed: ({ message }) => `Potluck has stopped: ${message}`,
    keyChanged: (manager) => `${manager} has another key than before. It was not joined.`,
    updateReady: ({ version }) => `Version ${version ?? ''} is ready to be installed.`,
    portChanged: (port) => `The usual port was taken; port ${port} is used from now on.`,
  },
  chooseFolder: 'Folder for the cache',
  firewall: (program, port, command) =>
    [
      `Potluck (${program}) lends bandwidth to coworkers: it answers HTTP requests of this network on TCP port ${port}.`,
      'Please allow incoming connections to that port for this program, from the local network only.',
      ...(command === null ? [] : ['', 'Command:', command]),
    ].join('\n'),
};
