import { MAX_HEADER_BYTES } from './safetensors.ts';

/** How much of a file tells whether PyTorch wrote it. */
export const SIGNATURE_BYTES = 8;

/** How files of torch.save begin, as zip files and pickles, and what else PyTorch has written. */
const SIGNATURES = /^(PK|\x80|PYTORCH1|sys_info|....PTMF)/s;

/** Whether a file that begins with `head` is one of PyTorch: no file of safetensors with a header that may be begins so. */
export function isPyTorch(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return (head.length < SIGNATURE_BYTES || view.getBigUint64(0, true) > MAX_HEADER_BYTES) && SIGNATURES.test(String.fromCharCode(...head));
}
