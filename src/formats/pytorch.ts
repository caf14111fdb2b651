import { TraceletError } from '../base/error.ts';
import { MAX_HEADER_BYTES } from './safetensors.ts';

/** How much of a file tells whether PyTorch wrote it. */
export const SIGNATURE_BYTES = 8;

const AGAIN = 'Save the weights of the model in Python: torch.save(model.state_dict(), "pytorch_model.bin")';

/** How files of PyTorch begin, from which byte on, and what is said of those that are not read. */
const SIGNATURES: readonly { at: number; begins: string; refused?: string }[] = [
  { at: 0, begins: 'PK\x03\x04' },
  { at: 0, begins: 'PK\x05\x06' },
  { at: 0, begins: '\x80' },
  { at: 0, begins: 'PYTORCH1', refused: 'a PyTorch file of a format that was given up before 1.0' },
  { at: 4, begins: 'PTMF', refused: 'a PyTorch model for mobile devices' },
  { at: 0, begins: 'sys_info', refused: 'a tar file of PyTorch before 0.2' },
];

/** Whether the file `name` that begins with `head` is one of torch.save. Throws `unsupported` errors for other files of PyTorch. */
export function isPyTorch(head: Uint8Array, name: string): boolean {
  if (head.length === SIGNATURE_BYTES && headerLength(head) <= MAX_HEADER_BYTES) return false;
  const text = String.fromCharCode(...head);
  const found = SIGNATURES.find(({ at, begins }) => text.startsWith(begins, at));
  if (found?.refused) throw new TraceletError('unsupported', { what: name, expected: 'a checkpoint', got: found.refused, cure: AGAIN });
  return found !== undefined;
}

/** What a file of safetensors begins with. */
const headerLength = (head: Uint8Array): bigint => new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
