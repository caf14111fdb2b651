import { DTYPES } from '../dtype.ts';
import { TraceletError } from '../error.ts';
import { sizeOf } from '../tensor.ts';
import { type Graph, type Input, type Node, operandsOf, storageOf, type Value } from './graph.ts';

/** Something that takes up room in the arena from instruction `from` to instruction `to`, both included. */
interface Block {
  bytes: number;
  from: number;
  to: number;
  offset: number;
}

export interface Plan {
  offsets: Map<Input | Node, number>;
  /** Byte offset of each node's scratch, where it has one. */
  scratch: Map<Node, number>;
  arena: number;
}

const ALIGNMENT = 64;
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes that the elements of `value` take up. */
export const bytesOf = ({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>): number => sizeOf(shape) * DTYPES[dtype].bytes;

/** Gives every value of the graph its place in one arena, by lifetimes; larger blocks first, each at the lowest offset that is free. */
export function planMemory(graph: Graph): Plan {
  const blocks = new Map<Input | Node, Block>();
  const scratch = new Map<Node, Block>();
  const end = graph.nodes.length;
  const lastUse = lastUses(graph);
  for (const input of graph.inputs) blocks.set(input, { bytes: bytesOf(input), from: 0, to: lastUse.get(input) ?? 0, offset: 0 });
  graph.nodes.forEach((node, at) => {
    const to = lastUse.get(node) ?? at;
    if (node.call.scratch) scratch.set(node, { bytes: node.call.scratch, from: at, to: at, offset: 0 });
    const overwritten = overwrites(node, at, blocks);
    if (overwritten) overwritten.to = to;
    blocks.set(node, overwritten ?? { bytes: bytesOf(node), from: at, to, offset: 0 });
  });
  for (const { value } of graph.outputs) {
    const block = blocks.get(storageOf(value) as Node);
    if (block) block.to = end;
  }
  const arena = pack([...new Set([...blocks.values(), ...scratch.values()])]);
  const offsetOf = <T>(from: Map<T, Block>): Map<T, number> => new Map([...from].map(([value, block]) => [value, block.offset]));
  return { offsets: offsetOf(blocks), scratch: offsetOf(scratch), arena };
}

function lastUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  graph.nodes.forEach((node, at) => {
    for (const value of operandsOf(node)) uses.set(storageOf(value), at);
  });
  for (const { value } of graph.outputs) uses.set(storageOf(value), graph.nodes.length);
  return uses;
}

/** The block that `node` may write its result over: an operand of the same size that nothing reads afterwards. */
function overwrites(node: Node, at: number, blocks: Map<Input | Node, Block>): Block | undefined {
  const { inPlace } = node.call.row;
  const operand = inPlace && node.operands[inPlace];
  if (!operand) return undefined;
  const storage = storageOf(operand);
  if (storage.kind !== 'node') return undefined;
  const block = blocks.get(storage);
  const others = Object.entries(node.operands).some(
    ([name, value]) => name !== inPlace && value && blocks.get(storageOf(value) as Node) === block,
  );
  return block && block.to === at && block.bytes === bytesOf(node) && !others ? block : undefined;
}

function pack(blocks: Block[]): number {
  const placed: Block[] = [];
  let arena = 0;
  for (const block of blocks.toSorted((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    const rivals = placed.filter((other) => other.from <= block.to && block.from <= other.to).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + align(block.bytes) <= rival.offset) break;
      offset = Math.max(offset, rival.offset + align(rival.bytes));
    }
    block.offset = offset;
    placed.push(block);
    arena = Math.max(arena, offset + align(block.bytes));
  }
  return arena;
}

/** A range of the arena that an instruction reads or writes. */
export interface Access {
  /** What messages call it. */
  name: string;
  /** Which value it is; scratch belongs to none. */
  value?: number;
  offset: number;
  bytes: number;
}

/** What one instruction does to the arena. */
export interface Step {
  reads: Access[];
  writes: Access[];
  /** The read that the first write may overlap exactly. */
  inPlace?: Access;
}

/**
 * Proves that no instruction reads bytes which something else has overwritten since, by replaying who owns which bytes.
 * It knows accesses only, nothing of lifetimes or of how the plan was made. Throws `format` errors.
 */
export function checkPlan(steps: readonly Step[], given: readonly Access[], taken: readonly Access[], arena: number): void {
  const owners = new Map<number, Access>();
  const clash = (a: Access, b: Access): boolean => a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  const own = (access: Access): void => {
    for (const [value, other] of owners) if (clash(access, other)) owners.delete(value);
    if (access.value !== undefined) owners.set(access.value, access);
  };
  const intact = (access: Access, where: string): void => {
    const owned = access.value !== undefined ? owners.get(access.value) : undefined;
    if (!owned || owned.offset !== access.offset || owned.bytes < access.bytes)
      throw broken(`${where}: ${access.name}`, 'a value that is still in the arena', 'bytes written by something else');
  };
  for (const access of given) {
    inside(access, arena, 'inputs');
    for (const other of owners.values()) if (clash(access, other)) throw broken(access.name, 'room of its own', `that of ${other.name}`);
    own(access);
  }
  steps.forEach(({ reads, writes, inPlace }, at) => {
    const where = `instruction ${at}`;
    for (const access of [...reads, ...writes]) inside(access, arena, where);
    for (const read of reads) intact(read, where);
    writes.forEach((write, i) => {
      const rivals = [...reads, ...writes.slice(0, i)].filter((other) => clash(write, other));
      const allowed = (other: Access): boolean =>
        i === 0 && other === inPlace && other.offset === write.offset && other.bytes === write.bytes;
      const rival = rivals.find((other) => !allowed(other));
      if (rival) throw broken(`${where}: ${write.name}`, 'room apart from the operands', `that of ${rival.name}`);
    });
    writes.forEach(own);
  });
  for (const access of taken) intact(access, 'output');
}

function inside({ name, offset, bytes }: Access, arena: number, where: string): void {
  const fits = Number.isInteger(offset) && offset >= 0 && offset % 16 === 0 && offset + bytes <= arena;
  if (!fits) throw broken(`${where}: ${name}`, `16-aligned bytes within an arena of ${arena}`, `${bytes} bytes at ${offset}`);
}

const broken = (what: string, expected: string, got: string): TraceletError =>
  new TraceletError('format', { what, expected, got, cure: 'The trace is damaged: make it again' });
