import { List, Machine, type Vocabulary } from './machine.ts';

const NEWEST_PROTOCOL = 5;
const MOST_OPS = 10_000_000;

function dictOf(machine: Machine): void {
  const items = machine.popToMark();
  machine.make(new Map());
  machine.setItems(items);
}

function listOf(machine: Machine): void {
  const items = machine.popToMark();
  machine.make(new List());
  machine.append(items);
}

function checkProtocol(machine: Machine): void {
  const version = machine.take(1);
  if (version > NEWEST_PROTOCOL) throw machine.fault(`a pickle of protocol 0 to ${NEWEST_PROTOCOL}`, `protocol ${version}`);
}

function stackGlobal(machine: Machine): void {
  const [module, name] = machine.popMany(2);
  machine.global(module, name);
}

/** What each opcode does, by its name in Python. All others are errors. */
const OPCODES: Readonly<Record<string, readonly [code: number, run: (machine: Machine) => void]>> = {
  PROTO: [0x80, checkProtocol],
  FRAME: [0x95, (m) => m.frame()],
  MARK: [0x28, (m) => m.mark()],
  STOP: [0x2e, (m) => m.stop()],

  NONE: [0x4e, (m) => m.push(null)],
  NEWTRUE: [0x88, (m) => m.push(true)],
  NEWFALSE: [0x89, (m) => m.push(false)],
  BININT1: [0x4b, (m) => m.push(m.take(1))],
  BININT2: [0x4d, (m) => m.push(m.take(2))],
  BININT: [0x4a, (m) => m.push(m.int32())],
  LONG1: [0x8a, (m) => m.push(m.whole(m.take(1)))],
  BINFLOAT: [0x47, (m) => m.push(m.double())],
  BINUNICODE: [0x58, (m) => m.push(m.text(m.take(4)))],
  SHORT_BINUNICODE: [0x8c, (m) => m.push(m.text(m.take(1)))],
  BINSTRING: [0x54, (m) => m.push(m.text(m.take(4)))],
  SHORT_BINSTRING: [0x55, (m) => m.push(m.text(m.take(1)))],
  BINBYTES: [0x42, (m) => m.make(m.bytes(m.take(4)))],
  SHORT_BINBYTES: [0x43, (m) => m.make(m.bytes(m.take(1)))],

  EMPTY_TUPLE: [0x29, (m) => m.make([])],
  TUPLE: [0x74, (m) => m.make(m.popToMark())],
  TUPLE1: [0x85, (m) => m.make(m.popMany(1))],
  TUPLE2: [0x86, (m) => m.make(m.popMany(2))],
  TUPLE3: [0x87, (m) => m.make(m.popMany(3))],
  EMPTY_LIST: [0x5d, (m) => m.make(new List())],
  LIST: [0x6c, listOf],
  APPEND: [0x61, (m) => m.append(m.popMany(1))],
  APPENDS: [0x65, (m) => m.append(m.popToMark())],
  EMPTY_DICT: [0x7d, (m) => m.make(new Map())],
  DICT: [0x64, dictOf],
  SETITEM: [0x73, (m) => m.setItems(m.popMany(2))],
  SETITEMS: [0x75, (m) => m.setItems(m.popToMark())],

  BINPUT: [0x71, (m) => m.keep(m.take(1))],
  LONG_BINPUT: [0x72, (m) => m.keep(m.take(4))],
  MEMOIZE: [0x94, (m) => m.keepNext()],
  BINGET: [0x68, (m) => m.recall(m.take(1))],
  LONG_BINGET: [0x6a, (m) => m.recall(m.take(4))],

  GLOBAL: [0x63, (m) => m.global(m.line(), m.line())],
  STACK_GLOBAL: [0x93, stackGlobal],
  REDUCE: [0x52, (m) => m.call()],
  NEWOBJ: [0x81, (m) => m.call()],
  BUILD: [0x62, (m) => m.build()],
  BINPERSID: [0x51, (m) => m.make(m.vocabulary.persistent(m.pop(), m.fault))],
};

const RUNS = new Map(Object.values(OPCODES));

/**
 * The value of the pickle in `bytes` at `begin`, and where it ends. Nothing runs but calls of the vocabulary. Throws `format` errors that call it
 * `what`, and `unsupported` ones for names that are not known.
 */
export function unpickle(bytes: Uint8Array, begin: number, vocabulary: Vocabulary, what: string): { value: unknown; end: number } {
  const machine = new Machine(bytes, begin, vocabulary, what);
  for (let ops = 0; !machine.stopped; ops++) {
    if (ops === MOST_OPS) throw machine.fault(`at most ${MOST_OPS} opcodes`, 'more');
    const code = machine.next();
    const run = RUNS.get(code);
    if (!run) throw machine.fault('an opcode that is known', `0x${code.toString(16).padStart(2, '0')}`);
    run(machine);
  }
  return { value: machine.popLast(), end: machine.at };
}
