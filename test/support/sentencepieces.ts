/** Pieces of a model as bytes of Protocol Buffers. */
export function sentencePieces(...pieces: [piece: string, score: number, type: number][]): Uint8Array {
  const bytes = pieces.map(([piece, score, type]) => {
    const [text, float] = [new TextEncoder().encode(piece), new Uint8Array(new Float32Array([score]).buffer)];
    const message = [0x0a, text.length, ...text, 0x15, ...float, 0x18, type];
    return [0x0a, message.length, ...message];
  });
  return new Uint8Array(bytes.flat());
}
