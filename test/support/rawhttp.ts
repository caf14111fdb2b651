import { connect, type Socket } from 'node:net';

const sockets: Socket[] = [];

/** Ends all connections. */
export function closeAll(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** A connection on which bytes are sent as they are, and what came back on it. */
export async function raw(
  { url }: { readonly url: string },
  ...pieces: string[]
): Promise<{ socket: Socket; said(): string; isClosed(): boolean }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let isClosed = false;
  socket.on('error', () => {}).on('close', () => (isClosed = true));
  socket.setEncoding('utf8').on('data', (piece) => (text += piece));
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const piece of pieces) socket.write(piece);
  return { socket, said: () => text, isClosed: () => isClosed };
}

/** The beginning of a request for vectors. */
export const head = (length: number, more = ''): string =>
  `POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;
