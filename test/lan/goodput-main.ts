import { connect, createServer } from 'node:net';

/** TCP goodput: `receive <address> <seconds>` prints bytes a second, `send <address> <seconds>` feeds it. */
const PORT = 7777;
/** Slow start is over after this time, milliseconds. */
const WARM_UP = 500;
const CHUNK = Buffer.alloc(256 * 1024, 0x5a);
const [role, address = '', seconds = '2'] = process.argv.slice(2);

function receive(): void {
  const server = createServer((socket) => {
    let bytes = 0;
    let began = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('error', () => undefined); // the sender is cut off at the end
    setTimeout(() => {
      began = performance.now();
      bytes = 0;
    }, WARM_UP);
    setTimeout(
      () => {
        console.log((bytes * 1000) / (performance.now() - began));
        socket.destroy();
        server.close();
      },
      WARM_UP + Number(seconds) * 1000,
    );
  });
  server.listen(PORT, address);
}

function send(attempts = 100): void {
  const socket = connect(PORT, address);
  let connected = false;
  socket.on('connect', () => {
    connected = true;
    const feed = () => {
      while (socket.write(CHUNK));
    };
    socket.on('drain', feed);
    feed();
  });
  socket.on('error', () => {
    if (!connected && attempts > 0) setTimeout(send, 50, attempts - 1); // the receiver is not there yet
  });
}

if (role === 'receive') receive();
else send();
