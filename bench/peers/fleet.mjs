/** Several workers at once: opened, prepared and asked in turns. Those that cannot are left out, with a reason. */
import { progress } from '../measure/report.mjs';
import { Child } from './child.mjs';

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {Case & { child: Pick<Child, 'ready' | 'request' | 'close'>, version: string, facts?: any }} Member */
/** @typedef {{ name: string, reason: string }} Missing */

const reasonOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

export class Fleet {
  /** @type {Member[]} */
  members = [];
  /** @type {Missing[]} */
  missing = [];

  /** Starts every case and lets it load its model. @param {readonly Case[]} cases */
  async open(cases) {
    for (const one of cases) {
      progress(`opening ${one.name}`);
      const child = one.start?.() ?? new Child(one.command);
      try {
        const { version } = await child.ready;
        await child.request('open');
        this.members.push({ ...one, child, version });
      } catch (error) {
        await child.close();
        this.leaveOut(one.name, reasonOf(error));
      }
    }
    return this;
  }

  /** Prepares every member; `reasons` explain better than its error why one cannot. @param {object} what @param {(member: Member) => string | undefined} [reasons] */
  async prepare(what, reasons = () => undefined) {
    for (const member of [...this.members]) {
      progress(`preparing ${member.name}`);
      try {
        member.facts = await member.child.request('prepare', what);
      } catch (error) {
        await this.dismiss(member, reasons(member) ?? reasonOf(error));
      }
    }
  }

  /** @param {Member} member @param {string} reason */
  async dismiss(member, reason) {
    this.members.splice(this.members.indexOf(member), 1);
    await member.child.close();
    this.leaveOut(member.name, reason);
  }

  /** @param {string} name @param {string} reason */
  leaveOut(name, reason) {
    progress(`${name} left out: ${reason}\n`);
    this.missing.push({ name, reason });
  }

  /** The cases as `alternate` takes them. */
  samplers() {
    return Object.fromEntries(
      this.members.map(({ name, child }) => [name, { sample: (/** @type {number} */ calls) => child.request('sample', { calls }) }]),
    );
  }

  async close() {
    await Promise.all(this.members.map(({ child }) => child.close()));
  }
}

/** The outputs of a member. @param {Member} member @returns {Promise<Float32Array[]>} */
export async function answerOf({ child }) {
  const { outputs } = await child.request('answer');
  return outputs.map((/** @type {string} */ text) => {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
    return new Float32Array(bytes.buffer);
  });
}
