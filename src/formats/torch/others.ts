import { TraceletError } from '../../base/error.ts';

const AGAIN = 'Save the weights of the model in Python: torch.save(model.state_dict(), "pytorch_model.bin")';

/** Files that PyTorch has written in ways that are not read, by how they begin. */
const OTHERS: readonly { at: number; begins: string; what: string }[] = [
  { at: 0, begins: 'PYTORCH1', what: 'a PyTorch file of a format that was given up before 1.0' },
  { at: 4, begins: 'PTMF', what: 'a PyTorch model for mobile devices' },
  { at: 0, begins: 'sys_info', what: 'a tar file of PyTorch before 0.2' },
];

/** Throws an `unsupported` error for the file `name` if it begins as one that is not read. */
export function refuseOthers(head: Uint8Array, name: string): void {
  const text = String.fromCharCode(...head.subarray(0, 8));
  const other = OTHERS.find(({ at, begins }) => text.startsWith(begins, at));
  if (other) throw new TraceletError('unsupported', { what: name, expected: 'a checkpoint', got: other.what, cure: AGAIN });
}
